// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.util.OptionalInt;

/**
 * A logical unit number in its 64-bit form, and the hexadecimal text that RFC 4173 §5 writes for
 * it: four groups of four digits, where leading zeros of a group and trailing groups of zeros may
 * be left out.
 *
 * @param value the eight bytes of SAM's LUN structure, the first one highest
 */
public record Lun(long value) {

  /** The logical unit that a blank field means. */
  public static final Lun ZERO = new Lun(0);

  private static final int GROUPS = 4;
  private static final int DIGITS = 4;

  /** The largest number that one level of addressing can hold (SAM: flat space addressing). */
  public static final int MAX_NUMBER = 0x3FFF;

  private static final int MAX_PERIPHERAL = 0xFF;
  private static final int FLAT_SPACE = 0x4000;

  /**
   * The 64-bit form of a plain number: peripheral device addressing up to 255, flat space
   * addressing above, as SAM has it and as targets report it.
   *
   * @param number 0 to {@link #MAX_NUMBER}
   */
  public static Lun ofNumber(int number) {
    if (number < 0 || number > MAX_NUMBER) {
      throw new IllegalArgumentException("LUN " + number + " is not in 0 to " + MAX_NUMBER);
    }
    return new Lun((long) (number <= MAX_PERIPHERAL ? number : FLAT_SPACE | number) << 48);
  }

  /** The plain number, where the form is one that {@link #ofNumber} makes or reads. */
  public OptionalInt number() {
    if ((value & 0x0000_FFFF_FFFF_FFFFL) != 0) {
      return OptionalInt.empty();
    }
    int first = (int) (value >>> 48);
    if (first <= MAX_PERIPHERAL) {
      return OptionalInt.of(first);
    }
    return first >>> 14 == 1 ? OptionalInt.of(first & MAX_NUMBER) : OptionalInt.empty();
  }

  /**
   * Reads the hexadecimal form. An empty text is not one: the caller knows what blank means.
   *
   * @throws SyntaxException naming the first character that breaks RFC 4173 §5
   */
  public static Lun parse(String text) throws SyntaxException {
    long value = 0;
    int group = 0;
    int digits = 0;
    int current = 0;
    for (int at = 0; at <= text.length(); at++) {
      char c = at < text.length() ? text.charAt(at) : '-';
      if (c == '-') {
        if (digits == 0) {
          throw new SyntaxException(at, "a group of the LUN needs one to four hexadecimal digits");
        }
        value |= (long) current << (16 * (GROUPS - 1 - group));
        group++;
        digits = 0;
        current = 0;
        if (group == GROUPS && at < text.length()) {
          throw new SyntaxException(at, "a LUN has at most four groups of digits");
        }
      } else {
        int digit = c < 0x80 ? Character.digit(c, 16) : -1;
        if (digit < 0) {
          throw new SyntaxException(at, "'" + c + "' is no hexadecimal digit of a LUN");
        }
        if (++digits > DIGITS) {
          throw new SyntaxException(at, "a group of the LUN has more than four digits");
        }
        current = current << 4 | digit;
      }
    }
    return new Lun(value);
  }

  /**
   * The shortest text that RFC 4173 §5 allows, in lower case: {@code 4752-3a4f-6b7e}, {@code 0}.
   */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(Integer.toHexString((int) (value >>> 48)));
    for (int shift = 32; shift >= 0 && value << (48 - shift) != 0; shift -= 16) {
      text.append('-').append(Integer.toHexString((int) (value >>> shift) & 0xFFFF));
    }
    return text.toString();
  }
}
