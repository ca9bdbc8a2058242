// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** {@code client show NAME}. */
final class ClientShowCommand implements Command {
  @Override
  public String name() {
    return "client show";
  }

  @Override
  public String summary() {
    return "show all that is known of one machine";
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
    JsonNode client = invocation.call("client show", arguments);
    if (invocation.json()) {
      invocation.printJson(client);
    } else {
      ClientText.details(client).forEach(invocation::print);
    }
    return DONE;
  }
}
