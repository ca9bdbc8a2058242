// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
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
    List<Option> options = new ArrayList<>(SettingOptions.settings());
    options.addAll(SettingOptions.keys());
    options.add(Command.option("group", "GROUP", "whose settings hold where it has none itself"));
    options.add(Command.option("address", "IPV4", "the address that DHCP gives it"));
    options.addAll(DiskOptions.all());
    return options;
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    ObjectNode arguments = invocation.arguments();
    arguments.put("name", invocation.operand(0));
    if (!invocation.has("group") && !invocation.has("image")) {
      throw new UsageException(
          "'client add' needs --image, or --group with one that has an image: see rootstock client"
              + " add --help");
    }
    SettingOptions.putSettings(invocation, arguments);
    SettingOptions.putKeys(invocation, arguments);
    SettingOptions.put(invocation, arguments, "group");
    SettingOptions.put(invocation, arguments, "address");
    DiskOptions.put(invocation, arguments);
    JsonNode client = invocation.call("client add", arguments);
    if (invocation.json()) {
      invocation.printJson(client);
      return DONE;
    }
    invocation.print(
        "added %s: %s".formatted(client.get("name").asText(), client.get("target").asText()));
    if (client.get("open").asBoolean()) {
      invocation.print(
          "it is open: without --mac, --uuid, --initiator or --circuit any machine may log in to"
              + " its disk");
    }
    client.get("warnings").forEach(warning -> invocation.print(warning.asText()));
    return DONE;
  }
}
