// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What becomes of a client's writes. */
public enum Mode {
  /** They stay. */
  PERSISTENT,
  /** They are dropped when the next boot begins. */
  EPHEMERAL,
  /** There are none: the client sees the golden image itself. */
  READ_ONLY;

  /** As users write it: {@code read-only}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Reads what {@link #text} wrote. */
  public static Mode parse(String text) {
    for (Mode mode : values()) {
      if (mode.text().equals(text)) {
        return mode;
      }
    }
    if (text.equals("memory")) {
      throw new InvalidClientException(
          "mode 'memory' is not there yet: use ephemeral, which drops writes at the next boot");
    }
    throw new InvalidClientException(
        "mode '%s' is unknown: use one of %s"
            .formatted(
                Text.shown(text),
                Arrays.stream(values()).map(Mode::text).collect(Collectors.joining(", "))));
  }
}
