// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

/** Every bound of the DHCP server. */
final class Limits {
  /** Addresses in one range; a search for a free one walks over them. */
  static final int RANGE_ADDRESSES = 65_536;

  /** Ranges that are remembered to be full. */
  static final int RANGES = 64;

  /** Clients whose last transaction and rate are remembered. */
  static final int CLIENT_STATES = 65_536;

  /** Answers to one client: a start of a machine needs some six. */
  static final int CLIENT_BURST = 24;

  static final double CLIENT_ANSWERS_PER_SECOND = 4;

  /** Answers in all: a thousand machines that start at once, each with two answers, in a second. */
  static final int ANSWER_BURST = 4_000;

  static final double ANSWERS_PER_SECOND = 2_000;

  /** Addresses that a client found in use, and for how long nobody gets them. */
  static final int QUARANTINED = 1_024;

  static final long QUARANTINE_SECONDS = 3_600;

  /** Moves of one client to another address because it declined the one it had. */
  static final int MOVES = 1;

  static final double MOVES_PER_SECOND = 1 / 3_600.0;

  /** Machines and problems that have been logged, so that they are not logged again. */
  static final int LOGGED = 4_096;

  /** Lines in the log about what packets said. */
  static final int LOG_BURST = 50;

  static final double LOG_LINES_PER_SECOND = 1;

  /** Addresses that are being made durable at once. */
  static final int PENDING_ADDRESSES = 4_096;

  /** Bytes of a datagram that are read; a longer one is cut, and refused for its length. */
  static final int DATAGRAM = 2_048;

  /** Seconds that starting and stopping may take. */
  static final int SOCKET_SECONDS = 10;

  private Limits() {}
}
