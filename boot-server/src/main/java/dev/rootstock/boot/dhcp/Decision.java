// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.dhcp.DhcpPacket;
import java.net.Inet4Address;
import java.util.concurrent.CompletionStage;

/** What is to be done about a packet. */
sealed interface Decision {

  /** Nothing; the reason is for a debug line and for tests. */
  record Silence(String reason) implements Decision {}

  /** A packet to send. */
  record Answer(DhcpPacket packet, Inet4Address to, int port) implements Decision {}

  /**
   * A packet to send once the address in it may be told: an offer when no other machine answers
   * there, an acknowledgement when it is durably the client's.
   */
  record AnswerWhenBound(CompletionStage<?> bound, Answer answer) implements Decision {}
}
