// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.apache.commons.cli.Option;

/** {@code client add NAME --image N …}. */
final class ClientAddCommand implements Command {
  @Override
  public String name() {
    return "client add";
  }

  @Override
  public String summary() {
    return "make a machine known, with a disk of its own";
  }

  @Override
  public List<String> operands() {
    return List.of("NAME");
  }

  @Override
  public List<Option> options() {
    return List.of(
        Command.option("image", "NAME[@VERSION]", "the image that its disk is made from (needed)"),
        Command.option("mac", "MAC", "a network card that it boots from; may be repeated"),
        Command.option("uuid", "UUID", "its SMBIOS UUID"),
        Command.option("initiator", "IQN", "an initiator name that may log in; may be repeated"),
        Command.option("mode", "MODE", "persistent (default), ephemeral or read-only"),
        Command.option("address", "IPV4", "the address that DHCP gives it"),
        Command.option("size", "SIZE", "the size of its disk, as 40G; the image's by default"),
        Command.option("limit", "SIZE", "what its writes may take in the store"),
        Command.option("disk", "NAME@VERSION", "a further read-only disk; may be repeated"));
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    ObjectNode arguments = invocation.arguments();
    arguments.put("name", invocation.operand(0));
    arguments.put("image", invocation.required("image"));
    strings(arguments, "macs", invocation.values("mac"));
    strings(arguments, "initiators", invocation.values("initiator"));
    for (String option : List.of("uuid", "mode", "address")) {
      if (invocation.has(option)) {
        arguments.put(option, invocation.value(option));
      }
    }
    String size = invocation.value("size");
    if (size != null) {
      arguments.put("sizeBytes", Size.parse(size));
    }
    String limit = invocation.value("limit");
    if (limit != null) {
      arguments.put("limitBytes", Size.parse(limit));
    }
    strings(arguments, "disks", invocation.values("disk"));
    JsonNode client = invocation.call("client add", arguments);
    if (invocation.json()) {
      invocation.printJson(client);
      return DONE;
    }
    invocation.print(
        "added %s: %s".formatted(client.get("name").asText(), client.get("target").asText()));
    if (client.get("open").asBoolean()) {
      invocation.print(
          "it is open: without --mac, --uuid or --initiator any machine may log in to its disk");
    }
    return DONE;
  }

  private static void strings(ObjectNode node, String field, List<String> values) {
    ArrayNode array = node.putArray(field);
    values.forEach(array::add);
  }
}
