// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.SyntaxException;

/** The iSCSI name of an initiator in its normal form (RFC 7143 §4.2.7, RFC 3722). */
public record InitiatorName(String value) implements Comparable<InitiatorName> {

  public InitiatorName {
    try {
      value = IscsiName.parse(value).value();
    } catch (SyntaxException e) {
      throw new InvalidClientException(
          "'%s' is no initiator name, %s".formatted(Text.shown(value), e.getMessage()));
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
