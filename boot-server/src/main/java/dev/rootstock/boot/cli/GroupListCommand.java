// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;

/** {@code group list}. */
final class GroupListCommand implements Command {
  @Override
  public String name() {
    return "group list";
  }

  @Override
  public String summary() {
    return "show the groups there are";
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    JsonNode result = invocation.call("group list", invocation.arguments());
    if (invocation.json()) {
      invocation.printJson(result);
    } else if (result.get("groups").isEmpty()) {
      invocation.print("no groups: 'rootstock group add NAME --image IMAGE' makes one");
    } else {
      GroupText.table(result.get("groups")).lines().forEach(invocation::print);
    }
    return DONE;
  }
}
