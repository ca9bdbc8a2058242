// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes in bytes as people read and write them; a K is 1024. */
final class Size {
  private static final String UNITS = "KMGT";
  private static final Pattern FORM = Pattern.compile("([0-9]{1,15})([KMGTkmgt]?)");

  private Size() {}

  /** Four characters or so: {@code 1.5G}, {@code 512}, {@code 20K}. */
  static String text(long bytes) {
    if (bytes < 1024) {
      return Long.toString(bytes);
    }
    double value = bytes;
    int unit = -1;
    while (value >= 1024 && unit < UNITS.length() - 1) {
      value /= 1024;
      unit++;
    }
    String digits =
        value < 10 && value != Math.rint(value)
            ? String.format(Locale.ROOT, "%.1f", value)
            : Long.toString(Math.round(value));
    return digits + UNITS.charAt(unit);
  }

  static long parse(String text) throws UsageException {
    Matcher matcher = FORM.matcher(text);
    if (matcher.matches()) {
      int unit =
          matcher.group(2).isEmpty()
              ? -1
              : UNITS.indexOf(matcher.group(2).toUpperCase(Locale.ROOT));
      try {
        return Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << (10 * (unit + 1)));
      } catch (ArithmeticException e) {
        // said below
      }
    }
    throw new UsageException(
        "'%s' is no size: write bytes, or a number with K, M, G or T, as 40G".formatted(text));
  }
}
