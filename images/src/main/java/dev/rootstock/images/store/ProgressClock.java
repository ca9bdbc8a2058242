// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import java.util.concurrent.TimeUnit;

/** Keeps a progress from being told more often than anybody can look. */
final class ProgressClock {
  private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(200);

  private final Progress progress;
  private final long total;
  private long last = System.nanoTime();

  ProgressClock(Progress progress, long total) {
    this.progress = progress;
    this.total = total;
  }

  void at(long done) {
    long now = System.nanoTime();
    if (done == total || now - last >= PAUSE) {
      last = now;
      progress.at(done, total);
    }
  }
}
