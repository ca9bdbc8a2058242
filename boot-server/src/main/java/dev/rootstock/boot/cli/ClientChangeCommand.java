// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.apache.commons.cli.Option;

/**
 * A command that would hurt a client with a live session, and so takes {@code --force}.
 *
 * @param force what {@code --force} does
 * @param done what is printed in the end; {@code %s} stands for the client
 */
record ClientChangeCommand(String name, String summary, String force, String done)
    implements Command {
  private static final String END_SESSIONS =
      "end its sessions first; without this they are a reason to refuse";

  static final ClientChangeCommand BOOT =
      new ClientChangeCommand(
          "client boot",
          "make a machine's next login a new boot; one that lost its disk and has no boot firmware"
              + " is let in again",
          END_SESSIONS
              + ". The machine is shut out until its firmware logs in, or 'client boot' runs"
              + " again without --force; to force once more shuts it out anew",
          "%s: its next login begins a new boot");

  static final ClientChangeCommand RESET =
      new ClientChangeCommand(
          "client reset",
          "drop what a machine wrote; its next boot begins with the image",
          END_SESSIONS,
          "reset %s: its next boot begins with the image");

  static final ClientChangeCommand REMOVE =
      new ClientChangeCommand(
          "client remove",
          "forget a machine and drop what it wrote",
          END_SESSIONS,
          "removed %s and what it wrote");

  @Override
  public List<String> operands() {
    return List.of("NAME");
  }

  @Override
  public List<Option> options() {
    return List.of(Command.flag("force", force));
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    ObjectNode arguments = invocation.arguments();
    arguments.put("name", invocation.operand(0));
    arguments.put("force", invocation.has("force"));
    JsonNode result = invocation.call(name, arguments);
    if (invocation.json()) {
      invocation.printJson(result);
    } else {
      invocation.print(done.formatted(invocation.operand(0)));
    }
    return DONE;
  }
}
