// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import java.time.Duration;

/** Every bound of this package. iPXE gives a login up after about 15 s: their sum stays below. */
final class BootLimits {
  private BootLimits() {}

  /** How long an older session has to show that its machine lives. */
  static final Duration PROBE = Duration.ofSeconds(4);

  /** How long an older boot's commands may take to drain before the newcomer is refused. */
  static final Duration FENCE = Duration.ofSeconds(6);

  /**
   * How long a machine that lost its sessions, or whose server was restarted, may take to come back
   * before a machine at another address gets the disk. open-iscsi comes back within a few seconds.
   */
  static final Duration RETURN = Duration.ofSeconds(20);

  /** How long a candidate waits for its login: firmware takes seconds, a menu may take minutes. */
  static final Duration CANDIDATE = Duration.ofMinutes(10);

  /** Addresses whose choices from a client's menu are kept: one machine, and strangers. */
  static final int CHOICES = 8;

  /** How long a choice may wait for its answer. */
  static final Duration CHOICE = Duration.ofSeconds(5);

  /** How long a transaction of DHCP is remembered, so that its retransmissions open nothing. */
  static final Duration TRANSACTION = Duration.ofMinutes(2);

  /** Transactions of DHCP remembered for a client. */
  static final int TRANSACTIONS = 8;

  /** Sessions of one client. */
  static final int SESSIONS = 32;

  /** Logins and commands of one client that may wait for their turn. */
  static final int WAITING = 8;

  /** How long a disk without sessions stays open. */
  static final Duration IDLE = Duration.ofSeconds(30);

  /** Events of one client that may wait; beyond it DISCOVERs are dropped and logins refused. */
  static final int MAILBOX = 128;

  /** Threads that run all clients' machines and wait for the store. */
  static final int THREADS = 8;

  /** Discovery sessions that may wait for their answer. */
  static final int DISCOVERIES = 64;

  /** Targets that one discovery session is told of. */
  static final int DISCOVERED_TARGETS = 1024;

  /** How long a stop waits for disks to close. */
  static final Duration STOP = Duration.ofSeconds(10);

  /** Refusals of one client that may be logged at once, and in the long run. */
  static final int REFUSALS_LOGGED = 5;

  static final double REFUSALS_LOGGED_A_SECOND = 1 / 60.0;

  /** Characters of a text from the network that are shown. */
  static final int SHOWN_CHARACTERS = 500;
}
