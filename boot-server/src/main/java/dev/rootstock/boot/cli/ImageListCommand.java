// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;

/** {@code image list}. */
final class ImageListCommand implements Command {
  @Override
  public String name() {
    return "image list";
  }

  @Override
  public String summary() {
    return "show the images and their versions";
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    JsonNode result = invocation.call("image list", invocation.arguments());
    if (invocation.json()) {
      invocation.printJson(result);
      return DONE;
    }
    if (result.get("images").isEmpty()) {
      invocation.print("no images: 'rootstock image import FILE --name NAME' makes one");
      return DONE;
    }
    Table table = new Table("IMAGE", "DEFAULT", "SIZE", "MADE", "ON", "SHA256");
    for (JsonNode image : result.get("images")) {
      table.row(
          image.get("name").asText() + "@" + image.get("version").asInt(),
          image.get("default").asBoolean() ? "yes" : "",
          Size.text(image.get("sizeBytes").asLong()),
          image.get("imported").asText().substring(0, 10),
          image.get("parent").isNull() ? "" : image.get("parent").asText(),
          image.get("sha256").asText().substring(0, 12));
    }
    table.lines().forEach(invocation::print);
    return DONE;
  }
}
