// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** {@code group show NAME} and {@code group remove NAME}. */
record GroupNameCommand(String name, String summary) implements Command {
  static final GroupNameCommand SHOW =
      new GroupNameCommand("group show", "show a group's settings and its clients");

  static final GroupNameCommand REMOVE =
      new GroupNameCommand("group remove", "forget a group that has no clients");

  @Override
  public List<String> operands() {
    return List.of("NAME");
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    ObjectNode arguments = invocation.arguments();
    arguments.put("name", invocation.operand(0));
    JsonNode result = invocation.call(name, arguments);
    if (invocation.json()) {
      invocation.printJson(result);
    } else if (result.has("removed")) {
      invocation.print("removed group " + result.get("removed").asText());
    } else {
      GroupText.details(result).forEach(invocation::print);
    }
    return DONE;
  }
}
