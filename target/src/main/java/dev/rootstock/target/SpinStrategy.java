// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import io.netty.channel.SelectStrategy;
import io.netty.util.IntSupplier;
import java.time.Duration;

/**
 * Lets an event loop look for more work for a while before it sleeps: the wake-up is most of what a
 * single small command waits for. One for each loop; for its thread only.
 */
final class SpinStrategy implements SelectStrategy {
  private final long longestNanos;
  private long lastWork = System.nanoTime();

  SpinStrategy(Duration longest) {
    longestNanos = longest.toNanos();
  }

  @Override
  public int calculateStrategy(IntSupplier ready, boolean hasTasks) throws Exception {
    int found = ready.get();
    long now = System.nanoTime();
    if (found > 0 || hasTasks) {
      lastWork = now;
      return found;
    }
    if (now - lastWork < longestNanos) {
      Thread.onSpinWait();
      return CONTINUE;
    }
    return SELECT;
  }
}
