// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/** {@code image show N[@V]}. */
final class ImageShowCommand implements Command {
  @Override
  public String name() {
    return "image show";
  }

  @Override
  public String summary() {
    return "show all that is known of an image's versions";
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
    ObjectNode arguments = invocation.arguments();
    arguments.put("image", invocation.operand(0));
    JsonNode result = invocation.call("image show", arguments);
    if (invocation.json()) {
      invocation.printJson(result);
      return DONE;
    }
    String gap = "";
    for (JsonNode image : result.get("images")) {
      invocation.console().out().print(gap);
      details(image).forEach(invocation::print);
      gap = System.lineSeparator();
    }
    return DONE;
  }

  private static List<String> details(JsonNode image) {
    List<String[]> pairs = new ArrayList<>();
    pair(pairs, "image", image.get("name").asText() + "@" + image.get("version").asInt());
    pair(pairs, "default", image.get("default").asBoolean() ? "yes" : "no");
    pair(pairs, "size", Size.text(image.get("sizeBytes").asLong()));
    JsonNode parent = image.get("parent");
    pair(
        pairs,
        "file",
        "%s, %s%s"
            .formatted(
                image.get("format").asText(),
                Size.text(image.get("fileBytes").asLong()),
                parent.isNull() ? "" : ", what differs from " + parent.asText()));
    pair(pairs, "made", image.get("imported").asText() + ", of " + image.get("origin").asText());
    pair(pairs, "sha256", image.get("sha256").asText());
    List<String> users = new ArrayList<>();
    image.get("users").forEach(user -> users.add(user.asText()));
    pair(pairs, "used by", users.isEmpty() ? "nobody" : String.join(", ", users));
    return Table.pairs(pairs);
  }

  private static void pair(List<String[]> pairs, String name, String value) {
    pairs.add(new String[] {name, value});
  }
}
