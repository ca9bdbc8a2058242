// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.cli.Option;

/**
 * {@code group add NAME …} and {@code group set NAME …}.
 *
 * @param changes whether the group is there already
 */
record GroupChangeCommand(String name, String summary, boolean changes) implements Command {
  static final GroupChangeCommand ADD =
      new GroupChangeCommand("group add", "make a group, whose settings its clients have", false);

  static final GroupChangeCommand SET =
      new GroupChangeCommand(
          "group set", "change what the next boots of a group's clients get", true);

  @Override
  public List<String> operands() {
    return List.of("NAME");
  }

  @Override
  public List<Option> options() {
    List<Option> options = new ArrayList<>(SettingOptions.settings());
    if (changes) {
      options.add(Command.list("unset", "SETTING", "say nothing of it any more"));
    }
    return options;
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    ObjectNode arguments = invocation.arguments();
    SettingOptions.putSettings(invocation, arguments);
    SettingOptions.strings(arguments, "unset", invocation.values("unset"));
    if (changes && arguments.isEmpty()) {
      throw new UsageException(
          "'group set' needs something to set: see rootstock group set --help");
    }
    arguments.put("name", invocation.operand(0));
    JsonNode group = invocation.call(name, arguments);
    if (invocation.json()) {
      invocation.printJson(group);
    } else {
      GroupText.details(group).forEach(invocation::print);
    }
    return DONE;
  }
}
