// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.apache.commons.cli.Option;

/** {@code image publish N --from-client C}. */
final class ImagePublishCommand implements Command {
  @Override
  public String name() {
    return "image publish";
  }

  @Override
  public String summary() {
    return "make a machine's disk the next version of an image";
  }

  @Override
  public List<String> operands() {
    return List.of("NAME");
  }

  @Override
  public List<Option> options() {
    return List.of(
        Command.option("from-client", "CLIENT", "whose disk it is (needed)"),
        Command.option("snapshot", "SNAPSHOT", "the disk as that snapshot has kept it"),
        Command.flag(
            "live", "while the machine runs: the disk as a power failure would leave it now"),
        Command.flag("force", "end its sessions first; without this they are a reason to refuse"));
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
    arguments.put("client", invocation.required("from-client"));
    arguments.put("snapshot", invocation.value("snapshot"));
    arguments.put("live", invocation.has("live"));
    arguments.put("force", invocation.has("force"));
    JsonNode version;
    try (ProgressLine progress = new ProgressLine(invocation.console(), "publishing " + name)) {
      version = invocation.call("image publish", arguments, progress);
    }
    if (invocation.json()) {
      invocation.printJson(version);
    } else {
      invocation.print(
          "published %s@%d, which new boots get, sha256 %s"
              .formatted(name, version.get("version").asInt(), version.get("sha256").asText()));
      version.get("warnings").forEach(warning -> invocation.print("warning: " + warning.asText()));
    }
    return DONE;
  }
}
