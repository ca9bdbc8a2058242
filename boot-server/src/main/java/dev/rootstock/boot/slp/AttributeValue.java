// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.util.Locale;
import java.util.regex.Pattern;

/** A value of an attribute or a filter; its form says its type (RFC 2608 §5). */
sealed interface AttributeValue {

  /** "true" or "false". */
  record Bool(boolean value) implements AttributeValue {}

  /** A number of 32 bits. */
  record Integral(int value) implements AttributeValue {}

  /** Any other text, in the form in which it is compared. */
  record Text(String value) implements AttributeValue {}

  /** Bytes, as their hexadecimal digits. */
  record Opaque(String value) implements AttributeValue {}

  Pattern INTEGER = Pattern.compile("-?[0-9]{1,10}");
  Pattern OPAQUE = Pattern.compile("\\\\[Ff][Ff](\\\\[0-9A-Fa-f]{2})+");

  /**
   * Reads a value.
   *
   * @param raw with its escapes
   */
  static AttributeValue parse(String raw) throws SlpException {
    if (OPAQUE.matcher(raw.strip()).matches()) {
      return new Opaque(raw.strip().toLowerCase(Locale.ROOT));
    }
    SlpText.checkReserved(raw, "value");
    String text = SlpText.comparable(raw);
    if (text.isEmpty()) {
      throw new SlpException(SlpError.PARSE_ERROR, "a value is empty");
    }
    if (text.equals("true") || text.equals("false")) {
      return new Bool(text.equals("true"));
    }
    if (INTEGER.matcher(text).matches()) {
      long number = Long.parseLong(text);
      if (number == (int) number) {
        return new Integral((int) number);
      }
    }
    return new Text(text);
  }
}
