// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

/** Every bound of the DHCP server. */
final class Limits {
  /** Leases of strangers, those included that have ended; about 200 bytes each. */
  static final int LEASES = 65_536;

  /** Bytes of a client identifier (option 61) that a lease holds as they are. */
  static final int CLIENT_ID = 64;

  /** Addresses that strangers were offered and have not taken, and for how long each is kept. */
  static final int OFFERS = 1_024;

  static final long OFFER_SECONDS = 30;

  /** The shortest lease that a stranger may ask for, unless the configured one is shorter. */
  static final long SHORTEST_LEASE_SECONDS = 60;

  /** Strangers whose rate is remembered; clients' rates are kept apart from them. */
  static final int STRANGERS = 4_096;

  /** Answers to strangers in all, so that a flood of them leaves the server to its clients. */
  static final int STRANGER_BURST = 512;

  static final double STRANGERS_PER_SECOND = 256;

  /** Addresses that strangers' declines keep away from everybody. */
  static final int DECLINE_BURST = 16;

  static final double DECLINES_PER_SECOND = 1 / 60.0;

  /** Leases that wait to be written, and how many become durable at once. */
  static final int LEASE_WRITES = 4_096;

  static final int LEASE_BATCH = 1_024;

  /** By how much the log of leases may be longer than twice what it holds, in bytes. */
  static final long LEASE_SLACK_BYTES = 1L << 20;

  /** Addresses that are looked at for another machine at once; beyond that they are not. */
  static final int PROBES = 1_024;

  /** What a look costs an offer, in milliseconds, and after which part of it is asked again. */
  static final int PROBE_MILLIS = 500;

  static final int PROBE_AGAIN_MILLIS = 200;

  /** For how long an address that nobody had counts as such, in seconds. */
  static final long PROBED_SECONDS = 60;

  /** Threads that ping addresses behind relay agents; as many pings wait, and so not for long. */
  static final int PING_THREADS = 16;

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

  /** Programs that an iPXE without iSCSI may load within so many seconds, one for each start. */
  static final int CHAIN_LOADS = 3;

  static final int CHAIN_SECONDS = 120;

  private Limits() {}
}
