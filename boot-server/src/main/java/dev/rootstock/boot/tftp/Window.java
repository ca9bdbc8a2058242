// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.tftp;

/**
 * Which blocks of a file are on their way (RFC 1350 §4, RFC 7440 §4). Blocks are counted from 1
 * without end; on the wire a number has 16 bits, and goes on with 0 after 65535, as all clients
 * that read large files expect.
 */
final class Window {
  private static final int NUMBER_BITS = 0xFFFF;

  /** What an acknowledgement means. */
  enum Meaning {
    /** All of the file has arrived. */
    DONE,
    /** The next window is due. */
    PROGRESS,
    /** Of the window before: an echo of that one, or the first block of this one was lost. */
    REPEATED,
    /** Of the past, or of nothing that was sent: to be ignored, for a repetition would echo on. */
    STALE
  }

  private final long last;
  private final int size;
  private long acknowledged;

  /**
   * @param fileSize in bytes
   * @param blockSize in bytes
   * @param size blocks of one window
   */
  Window(long fileSize, int blockSize, int size) {
    // The last block is shorter than the others, empty where need be (RFC 1350 §6).
    this.last = fileSize / blockSize + 1;
    this.size = size;
  }

  /** The first block that is due. */
  long first() {
    return acknowledged + 1;
  }

  /** The last block that is due, not below the first while the file is not done. */
  long end() {
    return Math.min(acknowledged + size, last);
  }

  /** The blocks of the file. */
  long last() {
    return last;
  }

  static int number(long block) {
    return (int) (block & NUMBER_BITS);
  }

  /**
   * Takes an acknowledgement.
   *
   * @param number as it stands on the wire
   */
  Meaning acknowledge(int number) {
    for (long block = end(); block > acknowledged; block--) {
      if (number(block) == number) {
        acknowledged = block;
        return block == last ? Meaning.DONE : Meaning.PROGRESS;
      }
    }
    // With a window of one a repeated acknowledgement is late, never news (RFC 1123 §4.2.3.1).
    return size > 1 && number == number(acknowledged) ? Meaning.REPEATED : Meaning.STALE;
  }
}
