// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

/** Who sent a packet. */
public sealed interface Recognised {
  /** A client. */
  record Known(DhcpClient client) implements Recognised {}

  /** No client. */
  record Stranger() implements Recognised {}

  /**
   * It says of itself what is true of two clients, so it is neither.
   *
   * @param reason one sentence, of which two clients and by what
   */
  record Disputed(String reason) implements Recognised {}
}
