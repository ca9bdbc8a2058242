// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of an iSCSI node (RFC 7143 §4.2.7), always in its normal form, so that equal names are
 * equal byte for byte.
 *
 * <p>Input is prepared after RFC 3722: lower case, Unicode form KC, then the prohibited characters
 * are refused. For names of ASCII characters, the only ones that we make, this is the RFC to the
 * letter. For others the JDK's Unicode tables stand in for those of Unicode 3.2, which the RFC
 * froze: a character that is younger than 2002 is accepted, the order of right-to-left characters
 * is not judged, and invisible characters (table B.1) are refused where the RFC drops them.
 *
 * @param value the name in its normal form, at most 223 bytes in UTF-8
 */
public record IscsiName(String value) {

  // RFC 7143 §4.2.7.4: date, then the naming authority's domain name reversed, then anything after
  // a colon.
  private static final Pattern IQN_DATE = Pattern.compile("[0-9]{4}-(0[1-9]|1[0-2])\\.");

  public IscsiName {
    String prepared;
    try {
      prepared = prepare(value);
    } catch (SyntaxException e) {
      throw new IllegalArgumentException("iSCSI name \"" + value + "\" " + e.getMessage(), e);
    }
    if (!prepared.equals(value)) {
      throw new IllegalArgumentException("iSCSI name \"" + value + "\" is not in normal form");
    }
  }

  /**
   * Reads a name that a person or a packet gave.
   *
   * @throws SyntaxException naming the first character that RFC 7143 §4.2.7 or RFC 3722 forbids
   */
  public static IscsiName parse(String text) throws SyntaxException {
    return new IscsiName(prepare(text));
  }

  @Override
  public String toString() {
    return value;
  }

  private static String prepare(String text) throws SyntaxException {
    refuseProhibited(text);
    String name = normal(text);
    if (!normal(name).equals(name)) {
      throw new SyntaxException(0, "the name has no normal form");
    }
    try {
      check(name);
    } catch (SyntaxException e) {
      // Seen in the normal form, which can be longer than what was given.
      throw new SyntaxException(Math.min(e.offset(), text.length()), e.problem());
    }
    return name;
  }

  /** RFC 3722 §4 and §5: case folding (table B.2), and form KC. */
  private static String normal(String text) {
    return folded(Normalizer.normalize(folded(text), Normalizer.Form.NFKC));
  }

  private static String folded(String text) {
    StringBuilder folded = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '\u00df' -> folded.append("ss");
                case '\u03c2' -> folded.append('\u03c3'); // the sigma that ends a word
                default -> folded.appendCodePoint(Character.toLowerCase(c));
              }
            });
    return folded.toString();
  }

  private static void check(String name) throws SyntaxException {
    refuseProhibited(name);
    int bytes = name.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > Limits.ISCSI_NAME) {
      throw new SyntaxException(
          0, "the name has " + bytes + " bytes, more than the " + Limits.ISCSI_NAME + " allowed");
    }
    if (name.startsWith("iqn.")) {
      checkQualified(name);
    } else if (name.startsWith("eui.")) {
      checkHexadecimal(name, "an EUI-64 name has 16 hexadecimal digits after \"eui.\"", 16);
    } else if (name.startsWith("naa.")) {
      checkHexadecimal(name, "an NAA name has 16 or 32 hexadecimal digits after \"naa.\"", 16, 32);
    } else {
      throw new SyntaxException(0, "an iSCSI name begins with \"iqn.\", \"eui.\" or \"naa.\"");
    }
  }

  /** RFC 3722 §6: what must not appear, before the mapping or after it. */
  private static void refuseProhibited(String text) throws SyntaxException {
    int at = 0;
    while (at < text.length()) {
      int c = text.codePointAt(at);
      if (!(c < 0x80 ? isAllowedAscii(c) : isAllowedBeyondAscii(c))) {
        throw new SyntaxException(
            at, String.format("%s is not allowed in an iSCSI name", describe(c)));
      }
      at += Character.charCount(c);
    }
  }

  private static boolean isAllowedAscii(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '-'
        || c == '.'
        || c == ':';
  }

  private static boolean isAllowedBeyondAscii(int c) {
    if (c == 0x3002) { // RFC 3722 §6.1: the ideographic full stop would pass for a dot
      return false;
    }
    return switch (Character.getType(c)) {
      case Character.SPACE_SEPARATOR,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.CONTROL,
          Character.FORMAT,
          Character.PRIVATE_USE,
          Character.SURROGATE,
          Character.UNASSIGNED ->
          false;
      default -> c != 0xFFFC && c != 0xFFFD && !(c >= 0x2FF0 && c <= 0x2FFB);
    };
  }

  private static String describe(int c) {
    return c > 0x20 && c < 0x7F ? "'" + (char) c + "'" : String.format("U+%04X", c);
  }

  private static void checkQualified(String name) throws SyntaxException {
    Matcher date = IQN_DATE.matcher(name).region(4, name.length());
    if (!date.lookingAt()) {
      throw new SyntaxException(
          4, "\"iqn.\" is followed by a year and a month and a dot, as in \"iqn.2001-04.\"");
    }
    int authority = date.end();
    int colon = name.indexOf(':', authority);
    int end = colon < 0 ? name.length() : colon;
    int label = authority;
    for (int at = authority; at <= end; at++) {
      if (at == end || name.charAt(at) == '.') {
        if (at == label) {
          throw new SyntaxException(
              at, "the reversed domain name after the date has an empty part here");
        }
        label = at + 1;
      }
    }
  }

  private static void checkHexadecimal(String name, String rule, int... lengths)
      throws SyntaxException {
    for (int at = 4; at < name.length(); at++) {
      if (Character.digit(name.charAt(at), 16) < 0 || name.charAt(at) > 0x7F) {
        throw new SyntaxException(at, rule + ", and this is none");
      }
    }
    for (int length : lengths) {
      if (name.length() == 4 + length) {
        return;
      }
    }
    throw new SyntaxException(name.length(), rule + ", not " + (name.length() - 4));
  }
}
