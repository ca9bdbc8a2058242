// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import java.util.regex.Pattern;

/** A group's name, of the form that clients' names have. */
public record GroupName(String value) implements Comparable<GroupName> {
  private static final Pattern FORM = Pattern.compile("[a-z0-9][a-z0-9.-]{0,62}");

  public GroupName {
    if (!FORM.matcher(value).matches() || value.contains("..")) {
      throw new InvalidClientException(
          "group name '%s' is not allowed: use 1 to 63 of a-z 0-9 . - (first a letter or digit,"
                  .formatted(Text.shown(value))
              + " no '..')");
    }
  }

  @Override
  public int compareTo(GroupName other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
