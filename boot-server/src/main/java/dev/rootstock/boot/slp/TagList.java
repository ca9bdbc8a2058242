// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.util.ArrayList;
import java.util.List;

/**
 * A list of tags, with wildcards (RFC 2608 §9.4).
 *
 * @param filters each cut at its stars; empty for all tags
 */
record TagList(List<List<String>> filters) {

  TagList {
    filters = List.copyOf(filters);
  }

  static TagList parse(String text) throws SlpException {
    List<List<String>> filters = new ArrayList<>();
    for (String tag : text.isBlank() ? new String[0] : text.split(",", -1)) {
      SlpText.checkReserved(tag, "tag list");
      List<String> parts = new ArrayList<>();
      for (String part : tag.strip().split("\\*", -1)) {
        parts.add(SlpText.folded(part));
      }
      if (parts.equals(List.of(""))) {
        throw new SlpException(SlpError.PARSE_ERROR, "an empty tag in a tag list");
      }
      filters.add(parts);
    }
    return new TagList(filters);
  }

  boolean isEmpty() {
    return filters.isEmpty();
  }

  boolean contains(String key) {
    return isEmpty() || filters.stream().anyMatch(filter -> matches(filter, key));
  }

  private static boolean matches(List<String> filter, String key) {
    return filter.size() == 1 ? filter.getFirst().equals(key) : SlpText.matches(filter, key);
  }
}
