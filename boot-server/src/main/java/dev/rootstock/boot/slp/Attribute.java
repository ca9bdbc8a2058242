// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * One attribute of a service (RFC 2608 §5).
 *
 * @param tag as it was written
 * @param key the tag in the form in which it is compared
 * @param texts its values as they were written; none for a keyword
 * @param values the same values, as they are compared
 */
record Attribute(String tag, String key, List<String> texts, List<AttributeValue> values) {
  /**
   * Who may log in (RFC 4018 §5.2). Without IPsec these are never given away (§6.1): they match an
   * equality with a full name and nothing else, and no answer holds them.
   */
  private static final Set<String> SECRET =
      Set.of("auth-name", "auth-addr", "auth-cred", "boot-list");

  /** In an attribute that says who may log in: everybody. */
  static final String ANY = "any";

  Attribute {
    texts = List.copyOf(texts);
    values = List.copyOf(values);
  }

  /** An attribute of ours, whose values need escapes. */
  static Attribute of(String tag, List<String> plainValues) {
    List<String> texts = plainValues.stream().map(SlpText::escape).toList();
    try {
      return parse(tag, texts);
    } catch (SlpException e) {
      throw new IllegalArgumentException("no attribute: " + tag + "=" + plainValues, e);
    }
  }

  static Attribute parse(String tag, List<String> texts) throws SlpException {
    String key = key(tag);
    List<AttributeValue> values = new ArrayList<>();
    for (String text : texts) {
      values.add(AttributeValue.parse(text));
    }
    return new Attribute(tag, key, texts, values).checked();
  }

  /** RFC 2608 §5: all values of an attribute have one type, and a boolean has one value. */
  private Attribute checked() throws SlpException {
    if (values.stream().map(Object::getClass).distinct().count() > 1
        || (values.size() > 1 && values.getFirst() instanceof AttributeValue.Bool)) {
      throw new SlpException(SlpError.INVALID_REGISTRATION, "the values of " + key + " disagree");
    }
    return this;
  }

  /** A tag in the form in which it is compared. */
  static String key(String tag) throws SlpException {
    SlpText.checkReserved(tag, "tag");
    String key = SlpText.comparable(tag);
    if (key.isEmpty() || key.indexOf('*') >= 0 || key.indexOf('_') >= 0) {
      throw new SlpException(SlpError.PARSE_ERROR, "a tag that is none");
    }
    return key;
  }

  static boolean isSecret(String key) {
    return SECRET.contains(key);
  }

  /** The attribute with the values of another one of the same tag that it lacks. */
  Attribute mergedWith(Attribute other) throws SlpException {
    List<String> bothTexts = new ArrayList<>(texts);
    List<AttributeValue> bothValues = new ArrayList<>(values);
    for (int i = 0; i < other.values.size(); i++) {
      if (!bothValues.contains(other.values.get(i))) {
        bothValues.add(other.values.get(i));
        bothTexts.add(other.texts.get(i));
      }
    }
    return new Attribute(tag, key, bothTexts, bothValues).checked();
  }

  /** As it stands in an attribute list. */
  String text() {
    return texts.isEmpty() ? tag : "(" + tag + "=" + String.join(",", texts) + ")";
  }
}
