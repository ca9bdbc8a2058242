// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What is asked for at every new connection, and by nobody while there are none. */
class MemoryGaugeTest {
  private static final long TURN = TimeUnit.MILLISECONDS.toNanos(Limits.MEMORY_CHECK_MILLIS);

  private long used;
  private long now = Long.MAX_VALUE - TURN; // a clock may overflow
  private int measurements;
  private final MemoryGauge gauge =
      new MemoryGauge(
          () -> {
            measurements++;
            return used;
          },
          100,
          () -> now);

  @Test
  void itMeasuresWhenItIsAsked() {
    assertEquals(0, measurements);
    assertFalse(gauge.tight());
    used = 101;
    now += TURN;
    assertTrue(gauge.tight());
    used = 100;
    now += TURN;
    assertFalse(gauge.tight());
    assertEquals(3, measurements);
  }

  @Test
  void manyWhoAskAtOnceAreAnsweredByOneMeasurement() {
    assertFalse(gauge.tight());
    used = 101;
    now += TURN - 1;
    assertFalse(gauge.tight());
    assertEquals(1, measurements);
  }
}
