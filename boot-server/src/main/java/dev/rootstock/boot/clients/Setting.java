// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a group may decide for its clients, and each client for itself. */
public enum Setting {
  IMAGE,
  MODE,
  SIZE,
  LIMIT,
  SECURE_BOOT,
  INSTALL,
  MENU;

  /** As users write it: {@code secure-boot}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Reads what {@link #text} wrote. */
  public static Setting parse(String text) {
    for (Setting setting : values()) {
      if (setting.text().equals(text)) {
        return setting;
      }
    }
    throw new InvalidClientException(
        "'%s' is no setting of groups: use one of %s"
            .formatted(
                Text.shown(text),
                Arrays.stream(values()).map(Setting::text).collect(Collectors.joining(", "))));
  }

  /** Where the value that holds comes from. */
  public enum Source {
    /** The client says so itself. */
    CLIENT,
    /** Its group does. */
    GROUP,
    /** Nobody does. */
    DEFAULT;

    /** As it is shown. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
