// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.trail;

/** Every bound of the boot records. */
final class Limits {
  /** Boots of a client that are kept, the one that runs included. */
  static final int BOOTS = 16;

  /**
   * Of these, starts that came to no login: whoever forges packets must not push out the others.
   */
  static final int ATTEMPTS = 4;

  /** Clients whose boots are remembered. */
  static final int CLIENTS = 100_000;

  /** Bytes of one client's file that are read. */
  static final int FILE = 1 << 20;

  /** Characters of what is shown of a step. */
  static final int DETAIL = 200;

  /** Characters of a ready token that are looked at. */
  static final int TOKEN = 128;

  /** Seconds from a change to its writing. */
  static final int WRITE_SECONDS = 5;

  /** Seconds from one writing of the byte counts to the next. */
  static final int COUNT_SECONDS = 60;

  /** Seconds that closing waits for a writing that is under way. */
  static final int CLOSE_SECONDS = 10;

  private Limits() {}
}
