// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import dev.rootstock.images.store.Progress;

/** How far something has come: a bar on a terminal, a line for every tenth elsewhere. */
final class ProgressLine implements Progress, AutoCloseable {
  private static final int WIDTH = 30;

  private final Console console;
  private final String what;
  private long shown = -1;

  ProgressLine(Console console, String what) {
    this.console = console;
    this.what = what;
  }

  @Override
  public void at(long done, long total) {
    long percent = total <= 0 ? 100 : Math.min(100, (long) (100.0 * done / total));
    if (console.terminal()) {
      if (percent != shown) {
        int filled = (int) (percent * WIDTH / 100);
        console
            .err()
            .printf(
                "\r%s [%s%s] %3d%% of %s",
                what, "#".repeat(filled), " ".repeat(WIDTH - filled), percent, Size.text(total));
        console.err().flush();
        shown = percent;
      }
    } else if (percent / 10 > shown / 10 || shown < 0) {
      console.err().printf("%s: %d%% of %s%n", what, percent, Size.text(total));
      shown = percent;
    }
  }

  /** Ends the bar's line. */
  @Override
  public void close() {
    if (console.terminal() && shown >= 0) {
      console.err().println();
    }
  }
}
