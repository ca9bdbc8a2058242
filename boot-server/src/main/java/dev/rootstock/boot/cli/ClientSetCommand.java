// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.cli.Option;

/**
 * {@code client set NAME …}. A key that is repeated takes the place of all; {@code none} of any.
 */
final class ClientSetCommand implements Command {
  @Override
  public String name() {
    return "client set";
  }

  @Override
  public String summary() {
    return "change by what a machine is known, and what its next boot gets";
  }

  @Override
  public List<String> operands() {
    return List.of("NAME");
  }

  @Override
  public List<Option> options() {
    List<Option> options = new ArrayList<>(SettingOptions.settings());
    options.add(Command.list("unset", "SETTING", "leave it to its group again"));
    options.addAll(SettingOptions.keys());
    options.add(Command.option("group", "GROUP", "its group; none for no group"));
    options.add(Command.option("address", "IPV4", "its address; none for one of our range"));
    options.addAll(DiskOptions.all());
    options.addAll(DiskOptions.changes());
    options.add(
        Command.flag("rebase", "put the disk onto --image now; it shows the same as before"));
    options.add(Command.flag("force", "with --rebase or --drop-disk: end its sessions first"));
    return options;
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    ObjectNode arguments = invocation.arguments();
    String name = invocation.operand(0);
    arguments.put("name", name);
    SettingOptions.putSettings(invocation, arguments);
    SettingOptions.putKeys(invocation, arguments);
    SettingOptions.put(invocation, arguments, "group");
    SettingOptions.put(invocation, arguments, "address");
    SettingOptions.strings(arguments, "unset", invocation.values("unset"));
    DiskOptions.put(invocation, arguments);
    DiskOptions.putChanges(invocation, arguments);
    if (invocation.has("rebase") && !invocation.has("image")) {
      throw new UsageException(
          "--rebase goes with --image: it says onto which version the disk is to be put");
    }
    if (arguments.size() == 1) {
      throw new UsageException(
          "'client set' needs something to set: see rootstock client set --help");
    }
    arguments.put("rebase", invocation.has("rebase"));
    arguments.put("force", invocation.has("force"));
    JsonNode client;
    try (ProgressLine progress = new ProgressLine(invocation.console(), "rebasing " + name)) {
      client = invocation.call("client set", arguments, progress);
    }
    if (invocation.json()) {
      invocation.printJson(client);
    } else {
      ClientText.details(client).forEach(invocation::print);
    }
    return DONE;
  }
}
