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
  /** They are kept in RAM, and dropped when the next boot begins or the power is lost. */
  MEMORY,
  /** There are none: the client sees the golden image itself. */
  READ_ONLY;

  /** Whether each boot begins anew, so that something has to mark where one begins. */
  public boolean forgets() {
    return this == EPHEMERAL || this == MEMORY;
  }

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
    throw new InvalidClientException(
        "mode '%s' is unknown: use one of %s"
            .formatted(
                Text.shown(text),
                Arrays.stream(values()).map(Mode::text).collect(Collectors.joining(", "))));
  }
}
