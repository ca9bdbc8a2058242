// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.config;

import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as people write them: {@code 512}, {@code 40G}; a K is 1024. */
public final class Bytes {
  private static final String UNITS = "KMGT";
  private static final Pattern FORM = Pattern.compile("([0-9]{1,15})([KMGTkmgt]?)");

  private Bytes() {}

  /** The bytes that a text means; empty where it is no size, or more than 63 bits hold. */
  public static OptionalLong parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      return OptionalLong.empty();
    }
    String unit = matcher.group(2).toUpperCase(Locale.ROOT);
    int power = unit.isEmpty() ? 0 : UNITS.indexOf(unit) + 1;
    try {
      return OptionalLong.of(
          Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << (10 * power)));
    } catch (ArithmeticException tooLarge) {
      return OptionalLong.empty();
    }
  }
}
