// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * A command about one version that is done at once.
 *
 * @param done what is printed in the end; {@code %s} stands for the version
 */
record ImageChangeCommand(String name, String summary, String done) implements Command {
  static final ImageChangeCommand DEFAULT =
      new ImageChangeCommand(
          "image default",
          "say which version new boots get; an older one takes an upgrade back",
          "new boots get %s; machines that run keep what they have until their next boot");

  static final ImageChangeCommand REMOVE =
      new ImageChangeCommand(
          "image remove", "take a version that nobody uses out of the store", "removed %s");

  @Override
  public List<String> operands() {
    return List.of("NAME@VERSION");
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    ObjectNode arguments = invocation.arguments();
    arguments.put("image", invocation.operand(0));
    JsonNode result = invocation.call(name, arguments);
    if (invocation.json()) {
      invocation.printJson(result);
    } else {
      invocation.print(done.formatted(invocation.operand(0)));
    }
    return DONE;
  }
}
