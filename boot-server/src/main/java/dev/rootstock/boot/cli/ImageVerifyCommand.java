// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** {@code image verify N[@V]}. */
final class ImageVerifyCommand implements Command {
  @Override
  public String name() {
    return "image verify";
  }

  @Override
  public String summary() {
    return "read an image whole and compare it with the checksum of its import";
  }

  @Override
  public List<String> operands() {
    return List.of("NAME[@VERSION]");
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    String image = invocation.operand(0);
    ObjectNode arguments = invocation.arguments();
    arguments.put("image", image);
    JsonNode result;
    try (ProgressLine progress = new ProgressLine(invocation.console(), "verifying " + image)) {
      result = invocation.call("image verify", arguments, progress);
    }
    if (invocation.json()) {
      invocation.printJson(result);
    } else {
      for (JsonNode version : result.get("verified")) {
        invocation.print(
            "%s@%d is intact, sha256 %s"
                .formatted(
                    version.get("name").asText(),
                    version.get("version").asInt(),
                    version.get("sha256").asText()));
      }
    }
    return DONE;
  }
}
