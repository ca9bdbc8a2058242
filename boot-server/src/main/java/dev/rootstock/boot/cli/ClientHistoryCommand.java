// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** {@code client history NAME}. */
final class ClientHistoryCommand implements Command {
  @Override
  public String name() {
    return "client history";
  }

  @Override
  public String summary() {
    return "show the last boots of one machine, step by step";
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
    JsonNode history = invocation.call("client history", arguments);
    if (invocation.json()) {
      invocation.printJson(history);
      return DONE;
    }
    if (history.get("boots").isEmpty()) {
      invocation.print("%s has not booted yet".formatted(invocation.operand(0)));
    }
    for (JsonNode boot : history.get("boots")) {
      print(invocation, boot);
    }
    return DONE;
  }

  private static void print(Invocation invocation, JsonNode boot) {
    String number = boot.get("generation").asLong() == 0 ? "-" : boot.get("generation").asText();
    invocation.print(
        "boot %s, started %s, read %s, written %s"
            .formatted(
                number,
                boot.get("started").asText(),
                Size.text(boot.get("readBytes").asLong()),
                Size.text(boot.get("writtenBytes").asLong())));
    Table table = new Table("  STEP", "AFTER", "");
    for (JsonNode step : boot.get("steps")) {
      table.row(
          "  " + step.get("step").asText(),
          BootText.after(boot, step),
          step.get("detail").asText());
    }
    table.lines().forEach(invocation::print);
    if (!boot.get("stopped").isNull()) {
      invocation.print("  stopped " + boot.get("stopped").asText());
    }
    if (!boot.get("left").isNull()) {
      invocation.print(
          "  left at %s: %s"
              .formatted(
                  boot.get("left").get("at").asText(), boot.get("left").get("reason").asText()));
    }
  }
}
