// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** Groups as people read them. */
final class GroupText {
  private static final String SILENT = "-";

  private GroupText() {}

  static Table table(JsonNode groups) {
    Table table = new Table("GROUP", "IMAGE", "MODE", "SIZE", "LIMIT", "SECURE BOOT", "CLIENTS");
    for (JsonNode group : groups) {
      table.row(
          group.get("name").asText(),
          text(group.get("image")),
          text(group.get("mode")),
          size(group.get("sizeBytes"), "the image's"),
          size(group.get("limitBytes"), "none"),
          text(group.get("secureBoot")),
          Integer.toString(group.get("clients").size()));
    }
    return table;
  }

  static List<String> details(JsonNode group) {
    List<String[]> pairs = new ArrayList<>();
    pairs.add(new String[] {"group", group.get("name").asText()});
    pairs.add(new String[] {"image", text(group.get("image"))});
    pairs.add(new String[] {"mode", text(group.get("mode"))});
    pairs.add(new String[] {"size", size(group.get("sizeBytes"), "the image's")});
    pairs.add(new String[] {"limit", size(group.get("limitBytes"), "none")});
    pairs.add(new String[] {"secure boot", text(group.get("secureBoot"))});
    pairs.add(new String[] {"install", text(group.get("install"))});
    pairs.add(new String[] {"menu", menu(group.get("menu"))});
    List<String> clients = new ArrayList<>();
    group.get("clients").forEach(name -> clients.add(name.asText()));
    pairs.add(new String[] {"clients", clients.isEmpty() ? "none" : String.join(" ", clients)});
    return Table.pairs(pairs);
  }

  private static String text(JsonNode value) {
    return value.isNull() ? SILENT : value.asText();
  }

  private static String menu(JsonNode images) {
    if (images.isNull() || images.isEmpty()) {
      return images.isNull() ? SILENT : "none";
    }
    List<String> names = new ArrayList<>();
    images.forEach(image -> names.add(image.asText()));
    return String.join(" ", names);
  }

  private static String size(JsonNode bytes, String zero) {
    return bytes.isNull() ? SILENT : bytes.asLong() == 0 ? zero : Size.text(bytes.asLong());
  }
}
