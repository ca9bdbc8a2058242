// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.apache.commons.cli.Option;

/** {@code client set NAME …}. */
final class ClientSetCommand implements Command {
  @Override
  public String name() {
    return "client set";
  }

  @Override
  public String summary() {
    return "change what a machine's next boot gets";
  }

  @Override
  public List<String> operands() {
    return List.of("NAME");
  }

  @Override
  public List<Option> options() {
    return List.of(
        Command.option("image", "NAME[@VERSION]", "the image; a disk that is kept keeps its own"),
        Command.flag("rebase", "put the disk onto that version now; it shows the same as before"),
        Command.option("mode", "MODE", "persistent, ephemeral or read-only"),
        Command.option("size", "SIZE", "the size of its next new disk, as 40G"),
        Command.option("limit", "SIZE", "what its writes may take in the store; 0 for no limit"),
        Command.option("disk", "NAME@VERSION", "a further read-only disk; repeat, or say none"),
        Command.flag("force", "with --rebase: end its sessions first"));
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
    for (String option : List.of("image", "mode")) {
      if (invocation.has(option)) {
        arguments.put(option, invocation.value(option));
      }
    }
    size(invocation, arguments, "size", "sizeBytes");
    size(invocation, arguments, "limit", "limitBytes");
    ArrayNode disks = arguments.putArray("disks");
    invocation.values("disk").forEach(disks::add);
    if (arguments.size() == 2 && disks.isEmpty()) {
      throw new UsageException("'client set' needs something to set: see --help");
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

  private static void size(Invocation invocation, ObjectNode arguments, String option, String field)
      throws UsageException {
    String size = invocation.value(option);
    if (size != null) {
      arguments.put(field, Size.parse(size));
    }
  }
}
