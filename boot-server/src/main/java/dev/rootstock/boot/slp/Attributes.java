// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The attributes of a service (RFC 2608 §5).
 *
 * @param byKey each by its tag in the form in which that is compared, in their order
 */
record Attributes(Map<String, Attribute> byKey) {
  static final Attributes NONE = new Attributes(Map.of());

  static Attributes of(Attribute... attributes) {
    Map<String, Attribute> byKey = new LinkedHashMap<>();
    Arrays.stream(attributes).forEach(each -> byKey.put(each.key(), each));
    return new Attributes(byKey);
  }

  /**
   * Reads an attribute list; a tag that stands twice has the values of both.
   *
   * @throws SlpException also for more than {@link Limits#VALUES} tags and values
   */
  static Attributes parse(String list) throws SlpException {
    if (list.isBlank()) {
      return NONE;
    }
    Map<String, Attribute> byKey = new LinkedHashMap<>();
    int at = 0;
    int values = 0;
    while (at <= list.length()) {
      int end = end(list, at);
      Attribute attribute = attribute(list.substring(at, end));
      values += 1 + attribute.values().size();
      if (values > Limits.VALUES) {
        throw new SlpException(SlpError.INVALID_REGISTRATION, "more values than are kept");
      }
      Attribute earlier = byKey.get(attribute.key());
      byKey.put(attribute.key(), earlier == null ? attribute : earlier.mergedWith(attribute));
      at = end + 1;
    }
    return new Attributes(byKey);
  }

  /** Where the attribute that begins here ends: at the next comma that is in no bracket. */
  private static int end(String list, int from) {
    int comma = list.indexOf(',', from);
    int open = list.indexOf('(', from);
    if (open >= 0 && (comma < 0 || open < comma)) {
      int close = list.indexOf(')', open);
      comma = close < 0 ? -1 : list.indexOf(',', close);
    }
    return comma < 0 ? list.length() : comma;
  }

  /** White space within the brackets belongs to tag and values (RFC 2608 §10.4). */
  private static Attribute attribute(String element) throws SlpException {
    String text = element.strip();
    if (!text.startsWith("(")) {
      return Attribute.parse(text, List.of());
    }
    int equals = text.indexOf('=');
    if (equals < 0 || !text.endsWith(")")) {
      throw new SlpException(SlpError.PARSE_ERROR, "an attribute with values is (tag=value)");
    }
    return Attribute.parse(
        text.substring(1, equals),
        List.of(text.substring(equals + 1, text.length() - 1).split(",", -1)));
  }

  @Nullable Attribute find(String key) {
    return byKey.get(key);
  }

  /** RFC 2608 §9.3: these, with what an incremental registration replaces or adds. */
  Attributes updatedBy(Attributes newer) {
    Map<String, Attribute> both = new LinkedHashMap<>(byKey);
    both.putAll(newer.byKey);
    return new Attributes(both);
  }

  /** These without those that a tag list names. */
  Attributes without(TagList tags) {
    Map<String, Attribute> rest = new LinkedHashMap<>(byKey);
    rest.keySet().removeIf(tags::contains);
    return new Attributes(rest);
  }

  /**
   * What an attribute reply holds of several services together (RFC 2608 §10.4): each tag once, and
   * each value. Who may log in is never among it, whatever the tag list says.
   */
  static List<String> revealed(List<Attributes> services, TagList tags) {
    Map<String, Merged> all = new LinkedHashMap<>();
    for (Attributes each : services) {
      for (Attribute attribute : each.byKey.values()) {
        if (!Attribute.isSecret(attribute.key()) && tags.contains(attribute.key())) {
          all.computeIfAbsent(attribute.key(), _ -> Merged.of(attribute)).add(attribute);
        }
      }
    }
    return all.values().stream().map(Merged::text).toList();
  }

  /** An attribute of many services, each value once. */
  private record Merged(Attribute first, Map<AttributeValue, String> texts) {
    static Merged of(Attribute first) {
      return new Merged(first, new LinkedHashMap<>());
    }

    void add(Attribute attribute) {
      for (int i = 0; i < attribute.values().size(); i++) {
        texts.putIfAbsent(attribute.values().get(i), attribute.texts().get(i));
      }
    }

    String text() {
      return new Attribute(
              first.tag(), first.key(), List.copyOf(texts.values()), List.copyOf(texts.keySet()))
          .text();
    }
  }
}
