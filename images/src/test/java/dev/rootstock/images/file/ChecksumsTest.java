// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.Limits;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class ChecksumsTest {
  private static final int BLOCK = Checksums.BLOCK;
  private static final long PIECE = 4096L * BLOCK;

  private final byte[] bytes = new byte[64 * BLOCK];

  ChecksumsTest() {
    new Random(3).nextBytes(bytes);
  }

  private long computed(int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return crc.getValue();
  }

  @Test
  void aRangeHasTheChecksumOfItsBytes() {
    Checksums sums = new Checksums(bytes.length);
    sums.learn(0, ByteBuffer.wrap(bytes));
    for (int first = 0; first < 64; first += 7) {
      for (int blocks = 1; first + blocks <= 64; blocks += 5) {
        int at = first * BLOCK;
        int length = blocks * BLOCK;
        assertEquals(computed(at, length), sums.of(at, length));
      }
    }
  }

  /** Also across the pieces that it is kept in, and in the upper reaches of a long file. */
  @Test
  void whereItStandsMakesNoDifference() {
    long at = 3000 * PIECE - 5 * BLOCK;
    Checksums sums = new Checksums(3001 * PIECE);
    sums.learn(at, ByteBuffer.wrap(bytes, BLOCK, 20 * BLOCK));
    assertEquals(computed(BLOCK, 20 * BLOCK), sums.of(at, 20 * BLOCK));
  }

  @Test
  void whatNobodyHasGoneThroughIsNotKnown() {
    Checksums sums = new Checksums(bytes.length);
    assertEquals(-1, sums.of(0, BLOCK));
    sums.learn(BLOCK, ByteBuffer.wrap(bytes, BLOCK, 2 * BLOCK));
    assertEquals(computed(BLOCK, 2 * BLOCK), sums.of(BLOCK, 2 * BLOCK));
    assertEquals(-1, sums.of(0, 2 * BLOCK));
    assertEquals(-1, sums.of(2 * BLOCK, 2 * BLOCK));
  }

  @Test
  void onlyWholeBlocksHaveOne() {
    assertTrue(Checksums.covers(8 * BLOCK, 2 * BLOCK));
    assertFalse(Checksums.covers(8 * BLOCK + 512, 2 * BLOCK));
    assertFalse(Checksums.covers(8 * BLOCK, 2 * BLOCK - 512));
  }

  @Test
  void itsMemoryHasABound() {
    Checksums sums = new Checksums((Limits.CHECKSUM_PIECES + 1) * PIECE);
    ByteBuffer block = ByteBuffer.wrap(bytes, 0, BLOCK);
    for (long piece = 0; piece < Limits.CHECKSUM_PIECES; piece++) {
      assertTrue(sums.hasRoom(piece * PIECE));
      sums.learn(piece * PIECE, block);
    }
    assertFalse(sums.hasRoom(Limits.CHECKSUM_PIECES * PIECE));
    sums.learn(Limits.CHECKSUM_PIECES * PIECE, block);
    assertEquals(-1, sums.of(Limits.CHECKSUM_PIECES * PIECE, BLOCK));
    // What has its piece already still finds room.
    assertTrue(sums.hasRoom(BLOCK));
    sums.learn(BLOCK, block);
    assertEquals(computed(0, BLOCK), sums.of(BLOCK, BLOCK));
  }
}
