// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import dev.rootstock.target.wire.Limits;

/** So many lines a second of what strangers can make us write into the log. For all threads. */
final class LogRation {
  private static final long SECOND = 1_000_000_000L;

  private long begun;
  private int lines;
  private int dropped;

  LogRation(long nanoTime) {
    begun = nanoTime;
  }

  /**
   * Asks for one line.
   *
   * @return how many lines had to be dropped before it, or -1 when it has to be dropped itself
   */
  synchronized int take(long nanoTime) {
    if (nanoTime - begun >= SECOND) {
      begun = nanoTime;
      lines = 0;
    }
    if (lines == Limits.LOGIN_LINES_A_SECOND) {
      dropped++;
      return -1;
    }
    lines++;
    int before = dropped;
    dropped = 0;
    return before;
  }
}
