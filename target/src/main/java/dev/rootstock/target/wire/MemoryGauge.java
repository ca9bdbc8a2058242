// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wire;

import java.util.function.LongSupplier;

/**
 * Says whether the network buffers of all connections together have grown too large. Measured now
 * and then instead of counted at every buffer, so that the hot path pays one volatile read; what
 * can come in between two measurements is bounded by the speed of the network.
 */
public final class MemoryGauge {
  private final LongSupplier used;
  private final long limit;
  private volatile boolean tight;

  /**
   * Makes a gauge that says no until it has measured.
   *
   * @param used bytes in use now
   * @param limit in bytes
   */
  public MemoryGauge(LongSupplier used, long limit) {
    this.used = used;
    this.limit = limit;
  }

  /** Measures. */
  public void measure() {
    tight = used.getAsLong() > limit;
  }

  /** Whether the last measurement was beyond the limit. */
  public boolean tight() {
    return tight;
  }
}
