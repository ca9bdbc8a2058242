// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;

/** {@code client list}. */
final class ClientListCommand implements Command {
  @Override
  public String name() {
    return "client list";
  }

  @Override
  public String summary() {
    return "show the machines there are";
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    JsonNode result = invocation.call("client list", invocation.arguments());
    if (invocation.json()) {
      invocation.printJson(result);
    } else if (result.get("clients").isEmpty()) {
      invocation.print("no clients: 'rootstock client add NAME --image IMAGE' makes one");
    } else {
      ClientText.table(result.get("clients")).lines().forEach(invocation::print);
    }
    return DONE;
  }
}
