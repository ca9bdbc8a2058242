// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wire;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Says whether the network buffers of all connections together have grown too large. Measured when
 * somebody asks, and not more often than every {@link Limits#MEMORY_CHECK_MILLIS}, instead of
 * counted at every buffer: so the hot path pays nothing, and a server at rest does nothing. What
 * can come in between two measurements is bounded by the speed of the network. Safe for all
 * threads.
 */
public final class MemoryGauge {
  private static final long LEAST_NANOS = TimeUnit.MILLISECONDS.toNanos(Limits.MEMORY_CHECK_MILLIS);

  private final LongSupplier used;
  private final long limit;
  private final LongSupplier nanoTime;
  private boolean tight;
  private long measuredAt;

  /**
   * Makes a gauge.
   *
   * @param used bytes in use now
   * @param limit in bytes
   */
  public MemoryGauge(LongSupplier used, long limit) {
    this(used, limit, System::nanoTime);
  }

  /** The same, by another clock. */
  public MemoryGauge(LongSupplier used, long limit, LongSupplier nanoTime) {
    this.used = used;
    this.limit = limit;
    this.nanoTime = nanoTime;
    measuredAt = nanoTime.getAsLong() - LEAST_NANOS;
  }

  /** Whether the last measurement, which may be made now, was beyond the limit. */
  public synchronized boolean tight() {
    long now = nanoTime.getAsLong();
    if (now - measuredAt >= LEAST_NANOS) {
      measuredAt = now;
      tight = used.getAsLong() > limit;
    }
    return tight;
  }
}
