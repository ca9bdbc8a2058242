// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import java.util.ArrayList;
import java.util.List;
import org.apache.commons.cli.Option;

/** What {@code --help} prints. */
final class Help {
  private Help() {}

  static List<String> all(List<Command> commands) {
    List<String> lines = new ArrayList<>();
    lines.add("usage: rootstock COMMAND [OPTION]...");
    lines.add("");
    lines.addAll(
        indented(
            commands.stream()
                .map(
                    command ->
                        new String[] {
                          (command.name() + " " + String.join(" ", command.operands())).strip(),
                          command.summary()
                        })
                .toList()));
    lines.add("");
    lines.add(
        "'rootstock COMMAND --help' says more of one. Exit status: 0 done, 1 failed, 2 wrong");
    lines.add(
        "usage. Without --config, ./rootstock.yaml or /etc/rootstock/rootstock.yaml is read.");
    return lines;
  }

  static List<String> of(Command command, List<Option> options) {
    List<String> lines = new ArrayList<>();
    String operands = String.join(" ", command.operands());
    lines.add("usage: rootstock " + (command.name() + " " + operands).strip() + " [OPTION]...");
    lines.add("Purpose: " + command.summary() + ".");
    lines.add("");
    lines.addAll(
        indented(
            options.stream()
                .map(
                    option ->
                        new String[] {
                          "--"
                              + option.getLongOpt()
                              + (option.hasArg() ? " " + option.getArgName() : ""),
                          option.getDescription()
                        })
                .toList()));
    return lines;
  }

  private static List<String> indented(List<String[]> pairs) {
    return Table.pairs(pairs).stream().map(line -> "  " + line).toList();
  }
}
