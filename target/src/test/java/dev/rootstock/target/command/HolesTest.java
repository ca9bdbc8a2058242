// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.target.wire.Limits;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HolesTest {

  @Test
  void holesAreWhatNobodyHasFilled() {
    Random random = new Random(1);
    for (int round = 0; round < 200; round++) {
      int from = random.nextInt(100);
      int end = from + random.nextInt(400);
      Holes holes = new Holes(from, end);
      BitSet missing = new BitSet();
      missing.set(from, end);
      for (int i = 0; i < 60; i++) {
        int at = random.nextInt(500);
        int until = at + random.nextInt(30);
        BitSet fresh = missing.get(at, until);
        assertEquals(fresh.cardinality(), holes.fill(at, until));
        missing.clear(at, until);
        assertEquals(missing.isEmpty(), holes.isEmpty());
        if (!missing.isEmpty()) {
          assertEquals(missing.nextSetBit(0), holes.first());
          assertEquals(missing.length(), holes.end());
        }
      }
      assertEquals(missing.cardinality(), holes.fill(0, 1000));
      assertTrue(holes.isEmpty());
    }
  }

  @Test
  void onlySoManyHolesAreRemembered() {
    Holes holes = new Holes(0, 1 << 20);
    for (int i = 1; i < Limits.HOLES; i++) {
      assertEquals(1, holes.fill(10L * i, 10L * i + 1));
    }
    assertEquals(-1, holes.fill(500_000, 500_001));
    // What closes a hole, or makes one smaller, is always taken.
    assertEquals(10, holes.fill(0, 10));
    assertEquals(1, holes.fill(11, 12));
    assertEquals(1, holes.fill(500_000, 500_001));
    assertEquals(-1, holes.fill(600_000, 600_001));
  }
}
