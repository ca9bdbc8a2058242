// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Strings in SLP messages (RFC 2608 §6.4): lists, escapes, and how they are compared. */
final class SlpText {
  private static final String RESERVED = "(),\\!<=>~;*+";
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
    return unescape(text).replaceAll("[ \\r\\n\\t]+", " ").strip().toLowerCase(Locale.ROOT);
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
      if (high < 0 || low < 0 || !(RESERVED.indexOf(escaped) >= 0 || escaped < ' ')) {
        throw new SlpException(SlpError.PARSE_ERROR, "an escape that is none");
      }
      plain.append(escaped);
      at += ESCAPE - 1;
    }
    return plain.toString();
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
}
