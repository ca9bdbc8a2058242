// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import dev.rootstock.boot.Limits;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The iSCSI name of an initiator, normalised to lower case (RFC 7143 §4.2.7, RFC 3722). Only ASCII
 * is taken: every initiator that boots machines names itself so.
 */
public record InitiatorName(String value) implements Comparable<InitiatorName> {
  private static final Pattern FORM =
      Pattern.compile(
          "iqn\\.[0-9]{4}-[0-9]{2}\\.[a-z0-9.:-]+"
              + "|eui\\.[0-9a-f]{16}"
              + "|naa\\.(?:[0-9a-f]{16}|[0-9a-f]{32})");

  public InitiatorName {
    value = value.toLowerCase(Locale.ROOT);
    if (value.length() > Limits.ISCSI_NAME_BYTES || !FORM.matcher(value).matches()) {
      throw new InvalidClientException(
          "'%s' is no iSCSI name: write iqn.YYYY-MM.DOMAIN[:REST], eui.16 hex digits or naa.16 or"
                  .formatted(Text.shown(value))
              + " 32 hex digits, at most %d bytes".formatted(Limits.ISCSI_NAME_BYTES));
    }
  }

  @Override
  public int compareTo(InitiatorName other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
