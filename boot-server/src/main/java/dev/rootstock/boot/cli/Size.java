// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import dev.rootstock.boot.config.Bytes;
import java.util.Locale;
import java.util.OptionalLong;

/** Sizes in bytes as people read and write them; a K is 1024. */
final class Size {
  private static final String UNITS = "KMGT";

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
    OptionalLong bytes = Bytes.parse(text);
    if (bytes.isPresent()) {
      return bytes.getAsLong();
    }
    throw new UsageException(
        "'%s' is no size: write bytes, or a number with K, M, G or T, as 40G".formatted(text));
  }
}
