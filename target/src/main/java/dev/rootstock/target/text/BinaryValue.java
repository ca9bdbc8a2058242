// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.text;

import java.util.Base64;
import java.util.HexFormat;

/** Binary values as text (RFC 7143 §6.1): hex-constants and base64-constants. */
public final class BinaryValue {
  private BinaryValue() {}

  /** The value as a hex-constant, which every initiator reads. */
  public static String encode(byte[] value) {
    return "0x" + HexFormat.of().formatHex(value);
  }

  /**
   * Reads a value. A decimal-constant has no length of its own and is refused.
   *
   * @param most its most bytes
   * @throws NegotiationException when it is none, is empty, or is longer; the message does not show
   *     it
   */
  public static byte[] decode(String text, int most) throws NegotiationException {
    // Before anything is allocated for it: hexadecimal is the longest form.
    if (text.length() > 2 + 2 * most) {
      throw NegotiationException.malformed("a binary value of more than " + most + " bytes");
    }
    byte[] value = decode(text);
    if (value.length == 0 || value.length > most) {
      throw NegotiationException.malformed("a binary value that has not 1 to " + most + " bytes");
    }
    return value;
  }

  private static byte[] decode(String text) throws NegotiationException {
    try {
      if (text.startsWith("0x") || text.startsWith("0X")) {
        String digits = text.substring(2);
        // n digits are (n + 1) / 2 bytes: the first of an odd number stands alone.
        return HexFormat.of().parseHex(digits.length() % 2 == 0 ? digits : "0" + digits);
      }
      if (text.startsWith("0b") || text.startsWith("0B")) {
        return Base64.getDecoder().decode(text.substring(2));
      }
    } catch (IllegalArgumentException e) {
      throw NegotiationException.malformed("a binary value with a character that it cannot hold");
    }
    throw NegotiationException.malformed("a binary value in neither hexadecimal nor base64");
  }
}
