// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

/** Every bound of the SLP agent. */
final class Limits {
  /** RFC 2608 §6.1: the longest SLP message in a datagram, in bytes. */
  static final int MESSAGE = 1_400;

  /** Bytes of a datagram that are read; a longer one is cut, and refused for its length. */
  static final int DATAGRAM = 2_048;

  /** How long a client may keep a URL. Short: an agent that is gone takes nothing back. */
  static final int URL_LIFETIME_SECONDS = 300;

  /** Answers, in all. */
  static final int ANSWER_BURST = 200;

  static final double ANSWERS_PER_SECOND = 100;

  /** Problems that have been logged, and lines about them. */
  static final int LOGGED = 256;

  static final int LOG_BURST = 20;

  static final double LOG_LINES_PER_SECOND = 0.1;

  /** Seconds that starting and stopping may take. */
  static final int SOCKET_SECONDS = 10;

  private Limits() {}
}
