// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;

/** {@code client pending}. */
final class ClientPendingCommand implements Command {
  @Override
  public String name() {
    return "client pending";
  }

  @Override
  public String summary() {
    return "show the machines that asked and are no clients";
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    JsonNode result = invocation.call("client pending", invocation.arguments());
    if (invocation.json()) {
      invocation.printJson(result);
      return DONE;
    }
    if (result.get("machines").isEmpty()) {
      invocation.print("no machine waits; they are listed while 'rootstock serve' runs");
      return DONE;
    }
    Table table = new Table("MACHINE", "UUID", "KIND", "FIRST ASKED", "LAST ASKED");
    for (JsonNode each : result.get("machines")) {
      table.row(
          each.get("mac").asText(),
          each.get("uuid").isNull() ? "-" : each.get("uuid").asText(),
          each.get("kind").asText().isEmpty() ? "-" : each.get("kind").asText(),
          each.get("first").asText(),
          each.get("last").asText());
    }
    table.lines().forEach(invocation::print);
    return DONE;
  }
}
