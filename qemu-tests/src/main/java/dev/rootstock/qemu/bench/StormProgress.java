// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.io.Console;
import java.io.PrintStream;
import java.util.Optional;

/**
 * How far a storm has come: one line that changes on a terminal, and else one from time to time.
 */
final class StormProgress {
  private static final long TERMINAL_NANOS = 200_000_000;
  private static final long PLAIN_NANOS = 5_000_000_000L;

  private final PrintStream out;
  private final String what;
  private final boolean terminal;

  /** Reports to standard error, so that the table can go to a file. */
  StormProgress(String what) {
    this.out = System.err;
    this.what = what;
    this.terminal = Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
  }

  long everyNanos() {
    return terminal ? TERMINAL_NANOS : PLAIN_NANOS;
  }

  void at(int booted, int all, double share, long bytes, long nanos, long slowestNanos) {
    double seconds = Math.max(1e-3, nanos / 1e9);
    print(
        "%s: %.0f s, %.0f %% asked and answered, %d of %d booted, %.0f MB/s, slowest answer %.0f ms"
            .formatted(
                what, seconds, share * 100, booted, all, bytes / 1e6 / seconds, slowestNanos / 1e6),
        false);
  }

  void says(String text) {
    print(what + ": " + text, false);
  }

  /** Leaves the terminal's line to what comes next. */
  void end() {
    if (terminal) {
      print("", true);
    }
  }

  private void print(String line, boolean last) {
    if (terminal) {
      out.print("\r\u001b[K" + line);
      out.flush();
    } else if (!last) {
      out.println("rootstock: storm: " + line);
    }
  }
}
