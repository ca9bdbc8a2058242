// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import java.util.regex.Pattern;

/**
 * A client's name. It becomes a file name, a host name and the end of a target name, so it is short
 * and plain: {@code [a-z0-9][a-z0-9.-]{0,62}}, without two dots in a row.
 */
public record ClientName(String value) implements Comparable<ClientName> {
  private static final Pattern FORM = Pattern.compile("[a-z0-9][a-z0-9.-]{0,62}");

  public ClientName {
    if (!FORM.matcher(value).matches() || value.contains("..")) {
      throw new InvalidClientException(
          "client name '%s' is not allowed: use 1 to 63 of a-z 0-9 . - (first a letter or digit,"
                  .formatted(Text.shown(value))
              + " no '..')");
    }
  }

  @Override
  public int compareTo(ClientName other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
