// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class RateLimitTest {
  private long now = Long.MAX_VALUE - 5; // System.nanoTime() may overflow

  @Test
  void givesItsBurstAndThenItsRate() {
    RateLimit limit = new RateLimit(3, 2, () -> now);
    assertEquals(3, taken(limit, 10));
    now += 500_000_000L;
    assertEquals(1, taken(limit, 10));
    now += 3_600_000_000_000L;
    assertEquals(3, taken(limit, 10));
  }

  @Test
  void boundedForgetsWhatWasNotUsedForLongest() {
    Bounded<Integer, String> map = new Bounded<>(2);
    map.put(1, "one");
    map.put(2, "two");
    assertEquals("one", map.get(1));
    map.put(3, "three");

    assertTrue(map.containsKey(1));
    assertFalse(map.containsKey(2));
    assertEquals(2, map.size());
  }

  private static int taken(RateLimit limit, int tries) {
    int taken = 0;
    for (int i = 0; i < tries; i++) {
      taken += limit.tryTake() ? 1 : 0;
    }
    return taken;
  }
}
