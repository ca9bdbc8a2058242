// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AccessTest {
  private static final int PLACES = 8192;

  private final SplittableRandom random = new SplittableRandom(1);

  @Test
  void scatteredWritesComeToEveryPlaceOnceAndNeverToANeighbour() {
    var written = new BitSet();
    long last = -2;
    for (int i = 0; i < PLACES; i++) {
      long place = Access.SCATTERED_WRITE.place(i, PLACES, random);
      assertTrue(Math.abs(place - last) > 1, "write " + i);
      written.set((int) place);
      last = place;
    }
    assertEquals(PLACES, written.cardinality());
    assertEquals(PLACES, written.length());
  }

  @Test
  void sequentialReadsBeginAnewAtTheEnd() {
    assertEquals(0, Access.SEQUENTIAL_READ.place(0, PLACES, random));
    assertEquals(PLACES - 1, Access.SEQUENTIAL_READ.place(PLACES - 1, PLACES, random));
    assertEquals(0, Access.SEQUENTIAL_READ.place(PLACES, PLACES, random));
  }
}
