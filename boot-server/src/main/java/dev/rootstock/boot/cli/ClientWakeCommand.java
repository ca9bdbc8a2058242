// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** {@code client wake NAME}. */
final class ClientWakeCommand implements Command {
  @Override
  public String name() {
    return "client wake";
  }

  @Override
  public String summary() {
    return "switch a machine on over the network (Wake-on-LAN)";
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
    JsonNode result = invocation.call("client wake", arguments);
    if (invocation.json()) {
      invocation.printJson(result);
    } else {
      invocation.print(
          "sent to %s; nothing answers to such a packet".formatted(invocation.operand(0)));
    }
    return DONE;
  }
}
