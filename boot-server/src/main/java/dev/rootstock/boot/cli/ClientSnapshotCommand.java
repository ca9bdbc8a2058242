// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.apache.commons.cli.Option;

/** {@code client snapshot NAME}. */
final class ClientSnapshotCommand implements Command {
  @Override
  public String name() {
    return "client snapshot";
  }

  @Override
  public String summary() {
    return "keep a machine's disk as it is at this moment, while it runs or not";
  }

  @Override
  public List<String> operands() {
    return List.of("NAME");
  }

  @Override
  public List<Option> options() {
    return List.of(
        Command.option("name", "SNAPSHOT", "how to call it; the time otherwise"),
        Command.option("remove", "SNAPSHOT", "forget that one instead"));
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
    arguments.put("snapshot", invocation.value("name"));
    arguments.put("remove", invocation.value("remove"));
    JsonNode result;
    try (ProgressLine progress = new ProgressLine(invocation.console(), "copying " + client)) {
      result = invocation.call("client snapshot", arguments, progress);
    }
    if (invocation.json()) {
      invocation.printJson(result);
    } else if (result.has("removed")) {
      invocation.print(
          "forgot snapshot %s of %s".formatted(result.get("removed").asText(), client));
    } else {
      invocation.print(
          "kept %s as snapshot %s, %s"
              .formatted(
                  client,
                  result.get("snapshot").asText(),
                  Size.text(result.get("fileBytes").asLong())));
    }
    return DONE;
  }
}
