// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.apache.commons.cli.Option;

/** {@code client restore NAME SNAPSHOT}. */
final class ClientRestoreCommand implements Command {
  @Override
  public String name() {
    return "client restore";
  }

  @Override
  public String summary() {
    return "make a machine's disk what a snapshot has kept; its next boot begins with that";
  }

  @Override
  public List<String> operands() {
    return List.of("NAME", "SNAPSHOT");
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
    String client = invocation.operand(0);
    arguments.put("name", client);
    arguments.put("snapshot", invocation.operand(1));
    arguments.put("force", invocation.has("force"));
    JsonNode result;
    try (ProgressLine progress = new ProgressLine(invocation.console(), "restoring " + client)) {
      result = invocation.call("client restore", arguments, progress);
    }
    if (invocation.json()) {
      invocation.printJson(result);
    } else {
      invocation.print(
          "%s: its next boot begins with snapshot %s".formatted(client, invocation.operand(1)));
    }
    return DONE;
  }
}
