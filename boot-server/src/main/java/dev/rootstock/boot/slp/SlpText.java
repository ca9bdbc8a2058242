// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Strings in SLP messages (RFC 2608 §6.4): lists, escapes, and how they are compared. */
final class SlpText {
  /** RFC 2608 §6.4.1 and §5; control characters are reserved as well. */
  private static final String RESERVED = "(),\\!<=>~;*+";

  /** RFC 2608 §5: what a value or a tag must not hold unescaped, beside control characters. */
  private static final String RESERVED_IN_VALUES = "(),\\!<=>~";

  private static final int ESCAPE = 3;

  private SlpText() {}

  /** The elements of a list, in the form in which they are compared; empty ones are left out. */
  static List<String> list(String text) throws SlpException {
    List<String> elements = new ArrayList<>();
    for (String element : text.split(",", -1)) {
      String folded = comparable(element);
      if (!folded.isEmpty()) {
        elements.add(folded);
      }
    }
    return elements;
  }

  /**
   * The form in which two strings are compared: unescaped, in lower case, and with white space
   * folded to one space and cut off at both ends.
   */
  static String comparable(String text) throws SlpException {
    return folded(text).strip();
  }

  /** As {@link #comparable}, with a space left at either end. */
  static String folded(String text) throws SlpException {
    return unescape(text.replaceAll("[ \\r\\n\\t]+", " ")).toLowerCase(Locale.ROOT);
  }

  private static String unescape(String text) throws SlpException {
    if (text.indexOf('\\') < 0) {
      return text;
    }
    StringBuilder plain = new StringBuilder();
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c != '\\') {
        plain.append(c);
        continue;
      }
      int high = at + 1 < text.length() ? Character.digit(text.charAt(at + 1), 16) : -1;
      int low = at + 2 < text.length() ? Character.digit(text.charAt(at + 2), 16) : -1;
      char escaped = (char) (high << 4 | low);
      // RFC 2608 §5: only the reserved characters may be escaped.
      if (high < 0 || low < 0 || !(RESERVED.indexOf(escaped) >= 0 || isControl(escaped))) {
        throw new SlpException(SlpError.PARSE_ERROR, "an escape that is none");
      }
      plain.append(escaped);
      at += ESCAPE - 1;
    }
    return plain.toString();
  }

  /** A value as it stands in an attribute list or a filter. */
  static String escape(String plain) {
    StringBuilder text = new StringBuilder(plain.length());
    for (int at = 0; at < plain.length(); at++) {
      char c = plain.charAt(at);
      if (RESERVED.indexOf(c) >= 0 || isControl(c)) {
        text.append(String.format("\\%02x", (int) c));
      } else {
        text.append(c);
      }
    }
    return text.toString();
  }

  /** Refuses a value or a tag with a reserved character that is not escaped. */
  static void checkReserved(String text, String what) throws SlpException {
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      if ((c != '\\' && RESERVED_IN_VALUES.indexOf(c) >= 0) || (isControl(c) && !isSpace(c))) {
        throw new SlpException(SlpError.PARSE_ERROR, "a reserved character in a " + what);
      }
    }
  }

  /**
   * Whether a text has the form that a wildcard describes.
   *
   * @param parts what stands before, between and after the stars, at least two
   */
  static boolean matches(List<String> parts, String text) {
    String last = parts.getLast();
    if (!text.startsWith(parts.getFirst())) {
      return false;
    }
    int at = parts.getFirst().length();
    for (String part : parts.subList(1, parts.size() - 1)) {
      int found = text.indexOf(part, at);
      if (found < 0) {
        return false;
      }
      at = found + part.length();
    }
    return text.length() - last.length() >= at && text.endsWith(last);
  }

  /** RFC 4018 §5.2: in a URL's iSCSI name, every byte beyond the plain characters is escaped. */
  static String escapeName(String name) {
    StringBuilder escaped = new StringBuilder();
    for (byte each : name.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (each & 0xFF);
      if (c < 0x80) {
        escaped.append(c);
      } else {
        escaped.append(String.format("\\%02x", (int) c));
      }
    }
    return escaped.toString();
  }

  /** The reverse of {@link #escapeName}; what is no escape stays as it is. */
  static String unescapeName(String escaped) {
    byte[] bytes = escaped.getBytes(StandardCharsets.UTF_8);
    byte[] name = new byte[bytes.length];
    int length = 0;
    for (int at = 0; at < bytes.length; at++) {
      int high = bytes[at] == '\\' && at + 2 < bytes.length ? digit(bytes[at + 1]) : -1;
      int low = high < 0 ? -1 : digit(bytes[at + 2]);
      if (low < 0) {
        name[length++] = bytes[at];
      } else {
        name[length++] = (byte) (high << 4 | low);
        at += ESCAPE - 1;
      }
    }
    return new String(name, 0, length, StandardCharsets.UTF_8);
  }

  private static int digit(byte character) {
    return Character.digit((char) (character & 0xFF), 16);
  }

  private static boolean isControl(char c) {
    return c < ' ' || c == 0x7F;
  }

  private static boolean isSpace(char c) {
    return c == '\r' || c == '\n' || c == '\t';
  }
}
