// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.apache.commons.cli.Option;

/** {@code client approve MAC --name NAME --image IMAGE}. */
final class ClientApproveCommand implements Command {
  @Override
  public String name() {
    return "client approve";
  }

  @Override
  public String summary() {
    return "make a machine that waits a client, with a disk of its own";
  }

  @Override
  public List<String> operands() {
    return List.of("MAC");
  }

  @Override
  public List<Option> options() {
    return List.of(
        Command.option("name", "NAME", "what it is called from now on (needed)"),
        Command.option("image", "NAME[@VERSION]", "the image that its disk is made from"),
        Command.option("group", "GROUP", "whose settings hold where it has none itself"),
        Command.option("mode", "MODE", "persistent (default), ephemeral, memory or read-only"),
        Command.option("address", "IPV4", "the address that DHCP gives it"));
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    ObjectNode arguments = invocation.arguments();
    arguments.put("machine", invocation.operand(0));
    arguments.put("name", invocation.required("name"));
    if (!invocation.has("group")) {
      invocation.required("image");
    }
    arguments.putArray("macs").add(invocation.operand(0));
    arguments.putArray("initiators");
    for (String option : List.of("image", "group", "mode", "address")) {
      if (invocation.has(option)) {
        arguments.put(option, invocation.value(option));
      }
    }
    JsonNode client = invocation.call("client approve", arguments);
    if (invocation.json()) {
      invocation.printJson(client);
    } else {
      invocation.print(
          "added %s: %s".formatted(client.get("name").asText(), client.get("target").asText()));
    }
    return DONE;
  }
}
