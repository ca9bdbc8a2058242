// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.images.store.SourceFormat;
import java.nio.file.Path;
import java.util.List;
import org.apache.commons.cli.Option;

/**
 * {@code image export N[@V] FILE} and {@code client export NAME FILE}.
 *
 * @param what the operand that says what is exported
 * @param argument the name of the operation's argument for it
 */
record ExportCommand(String name, String summary, String what, String argument) implements Command {
  static final ExportCommand IMAGE =
      new ExportCommand(
          "image export", "write a version into a file outside", "NAME[@VERSION]", "image");

  static final ExportCommand CLIENT =
      new ExportCommand(
          "client export",
          "write a machine's disk, as it is at this moment, into a file outside",
          "NAME",
          "name");

  @Override
  public List<String> operands() {
    return List.of(what, "FILE");
  }

  @Override
  public List<Option> options() {
    Option format =
        Command.option(
            "format", "FORMAT", "by the ending of FILE otherwise. " + SourceFormat.all());
    return argument.equals("name")
        ? List.of(
            format, Command.option("lun", "LUN", "a further disk of its own; the first otherwise"))
        : List.of(format);
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    ObjectNode arguments = invocation.arguments();
    arguments.put(argument, invocation.operand(0));
    // The server may have another working directory.
    Path file = Path.of(invocation.operand(1)).toAbsolutePath();
    arguments.put("file", file.toString());
    arguments.put("format", invocation.value("format"));
    if (argument.equals("name")) {
      arguments.put("lun", invocation.value("lun"));
    }
    JsonNode result;
    try (ProgressLine progress =
        new ProgressLine(invocation.console(), "exporting " + invocation.operand(0))) {
      result = invocation.call(name, arguments, progress);
    }
    if (invocation.json()) {
      invocation.printJson(result);
    } else {
      invocation.print("exported %s to %s".formatted(invocation.operand(0), file));
    }
    return DONE;
  }
}
