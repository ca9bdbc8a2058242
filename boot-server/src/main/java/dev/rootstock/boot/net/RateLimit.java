// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.net;

import java.util.function.LongSupplier;

/** A token bucket. Not for several threads at once. */
public final class RateLimit {
  private static final double NANOS = 1e9;

  private final double burst;
  private final double perNano;
  private final LongSupplier nanoTime;
  private double tokens;
  private long last;

  /**
   * @param burst how many may come at once, at least 1
   * @param perSecond how many a second in the long run, more than 0
   * @param nanoTime a clock like {@link System#nanoTime}
   */
  public RateLimit(int burst, double perSecond, LongSupplier nanoTime) {
    if (burst < 1 || !(perSecond > 0)) {
      throw new IllegalArgumentException("a limit of " + burst + ", " + perSecond + " a second");
    }
    this.burst = burst;
    this.perNano = perSecond / NANOS;
    this.nanoTime = nanoTime;
    this.tokens = burst;
    this.last = nanoTime.getAsLong();
  }

  /** Takes one, if there is one. */
  public boolean tryTake() {
    if (!available()) {
      return false;
    }
    tokens--;
    return true;
  }

  /** Whether there is one to take. */
  public boolean available() {
    long now = nanoTime.getAsLong();
    tokens = Math.min(burst, tokens + Math.max(0, now - last) * perNano);
    last = now;
    return tokens >= 1;
  }
}
