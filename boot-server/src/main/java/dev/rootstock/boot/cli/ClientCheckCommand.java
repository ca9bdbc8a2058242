// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** {@code client check NAME}. */
final class ClientCheckCommand implements Command {
  @Override
  public String name() {
    return "client check";
  }

  @Override
  public String summary() {
    return "bring a machine's overlay up to date and go through its tables";
  }

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
    JsonNode result = invocation.call("client check", arguments);
    if (invocation.json()) {
      invocation.printJson(result);
    } else {
      invocation.print("the disk of %s is sound".formatted(invocation.operand(0)));
    }
    return DONE;
  }
}
