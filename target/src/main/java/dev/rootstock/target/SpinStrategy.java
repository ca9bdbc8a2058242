// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import io.netty.channel.SelectStrategy;
import io.netty.util.IntSupplier;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Lets an event loop look for more work for a while before it sleeps: the wake-up is most of what a
 * single small command waits for. One for each loop; for its thread only.
 */
final class SpinStrategy implements SelectStrategy {
  private final long longestNanos;
  private final LongSupplier clock;
  private long lastWork;

  /** Whether the loop sleeps, so that what it calls us for next is that work has woken it. */
  private boolean asleep;

  SpinStrategy(Duration longest) {
    this(longest, System::nanoTime);
  }

  /**
   * Makes one that has another clock.
   *
   * @param clock tells nanoseconds, as {@link System#nanoTime} does
   */
  SpinStrategy(Duration longest, LongSupplier clock) {
    this.longestNanos = longest.toNanos();
    this.clock = clock;
    this.lastWork = clock.getAsLong();
  }

  @Override
  public int calculateStrategy(IntSupplier ready, boolean hasTasks) throws Exception {
    int found = ready.get();
    long now = clock.getAsLong();
    if (found > 0 || hasTasks || asleep) {
      lastWork = now;
    }
    asleep = false;
    if (found > 0 || hasTasks) {
      return found;
    }
    if (now - lastWork < longestNanos) {
      Thread.onSpinWait();
      return CONTINUE;
    }
    asleep = true;
    return SELECT;
  }
}
