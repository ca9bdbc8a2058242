// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.tftp;

/** Every bound of the TFTP server. */
final class Limits {
  /** Bytes of a request: RFC 2347 §2 has 512 for it. */
  static final int REQUEST = 512;

  /** Bytes of requests that may wait, as far as the kernel allows: many machines ask at once. */
  static final int RECEIVE_BUFFER = 1 << 20;

  /** Options of one request that are looked at. */
  static final int OPTIONS = 16;

  /** RFC 1350 §2, and RFC 2348 §2. */
  static final int BLOCK = 512;

  static final int SMALLEST_BLOCK = 8;

  /** What fits one Ethernet frame after the headers of IP, UDP and TFTP: fragments get lost. */
  static final int LARGEST_BLOCK = 1468;

  /** RFC 7440 §3: blocks before an acknowledgement. More gains nothing on a local network. */
  static final int WINDOW = 32;

  /** Transfers at once, in all and to one address. */
  static final int TRANSFERS = 2_048;

  static final int TRANSFERS_TO_ONE = 4;

  /** First packets to addresses that have not acknowledged anything. */
  static final int FIRST_BURST = 2_048;

  static final double FIRST_PER_SECOND = 256;

  /** Refusals. */
  static final int ERROR_BURST = 256;

  static final double ERRORS_PER_SECOND = 32;

  /** RFC 2349 §2: seconds before a packet is sent again; a client may ask for another number. */
  static final int TIMEOUT_SECONDS = 1;

  static final int LONGEST_TIMEOUT_SECONDS = 16;

  /** Repetitions to somebody who has never answered: with a forged address, that is nobody. */
  static final int FIRST_REPETITIONS = 2;

  /** Repetitions of one window without progress, and of all windows of a transfer. */
  static final int REPETITIONS = 6;

  static final int ALL_REPETITIONS = 1_000;

  /** How long an acknowledgement that repeats itself may turn out to be an echo, not a loss. */
  static final int ECHO_MILLIS = 50;

  /** Seconds that one transfer may take. */
  static final int TRANSFER_SECONDS = 600;

  /** Lines in the log about what packets said. */
  static final int LOGGED = 1_024;

  static final int LOG_BURST = 50;

  static final double LOG_LINES_PER_SECOND = 1;

  /** How long stopping waits for a thread. */
  static final long STOP_MILLIS = 5_000;

  private Limits() {}
}
