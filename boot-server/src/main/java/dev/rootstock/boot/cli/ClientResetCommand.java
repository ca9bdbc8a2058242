// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.apache.commons.cli.Option;

/** {@code client reset NAME}. */
final class ClientResetCommand implements Command {
  @Override
  public String name() {
    return "client reset";
  }

  @Override
  public String summary() {
    return "drop what a machine wrote; its next boot begins with the image";
  }

  @Override
  public List<String> operands() {
    return List.of("NAME");
  }

  @Override
  public List<Option> options() {
    return List.of(
        Command.flag("force", "end its sessions first; without this they are a reason to refuse"));
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    ObjectNode arguments = invocation.arguments();
    arguments.put("name", invocation.operand(0));
    arguments.put("force", invocation.has("force"));
    JsonNode result = invocation.call("client reset", arguments);
    if (invocation.json()) {
      invocation.printJson(result);
    } else {
      invocation.print(
          "reset %s: its next boot begins with the image".formatted(invocation.operand(0)));
    }
    return DONE;
  }
}
