// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.apache.commons.cli.Option;

/** {@code image create N --size S}. */
final class ImageCreateCommand implements Command {
  @Override
  public String name() {
    return "image create";
  }

  @Override
  public String summary() {
    return "make a blank disk, to install an operating system on";
  }

  @Override
  public List<String> operands() {
    return List.of("NAME");
  }

  @Override
  public List<Option> options() {
    return List.of(Command.option("size", "SIZE", "the size of the disk, as 40G (needed)"));
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
    arguments.put("sizeBytes", Size.parse(invocation.required("size")));
    JsonNode version;
    try (ProgressLine progress = new ProgressLine(invocation.console(), "making " + name)) {
      version = invocation.call("image create", arguments, progress);
    }
    if (invocation.json()) {
      invocation.printJson(version);
    } else {
      invocation.print(
          "made %s@%d, a blank disk of %s"
              .formatted(
                  name,
                  version.get("version").asInt(),
                  Size.text(version.get("sizeBytes").asLong())));
    }
    return DONE;
  }
}
