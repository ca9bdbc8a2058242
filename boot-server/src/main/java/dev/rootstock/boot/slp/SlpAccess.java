// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.util.List;

/**
 * Who may log in to a target (RFC 4018 §4.1.1). An empty list stands for everybody.
 *
 * @param initiators names of initiators
 * @param addresses where they log in from
 * @param credentials method and user name, as {@code chap/lab1}
 */
public record SlpAccess(List<String> initiators, List<String> addresses, List<String> credentials) {

  /** Everybody. */
  public static final SlpAccess OPEN = new SlpAccess(List.of(), List.of(), List.of());

  public SlpAccess {
    initiators = List.copyOf(initiators);
    addresses = List.copyOf(addresses);
    credentials = List.copyOf(credentials);
  }
}
