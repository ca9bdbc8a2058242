// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.file;

import dev.rootstock.images.Limits;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The CRC32C of each block of a file that never changes, as far as somebody has asked for it. The
 * checksum of a range is put together from those of its blocks: what hundreds of clients read with
 * data digests is gone through once. Safe for many threads.
 */
final class Checksums {
  static final int BLOCK = 4096;

  /** Castagnoli's polynomial with its bits in the order of the JDK's numbers. */
  private static final int POLYNOMIAL = 0x82F6_3B78;

  /** What a block of zeros behind it makes of a checksum, for each value of each of its bytes. */
  private static final int[] BEHIND = tables();

  private static final int BLOCKS_OF_PIECE = 4096;

  /** Made when one of their blocks is first known. A zero says that it is not known. */
  private final AtomicReferenceArray<int @Nullable []> pieces;

  private final AtomicInteger made = new AtomicInteger();

  Checksums(long fileBytes) {
    long pieceBytes = (long) BLOCK * BLOCKS_OF_PIECE;
    pieces = new AtomicReferenceArray<>(Math.toIntExact(Math.ceilDiv(fileBytes, pieceBytes)));
  }

  /** Whether a range is made of whole blocks: others have no checksum here. */
  static boolean covers(long offset, int length) {
    return ((offset | length) & (BLOCK - 1)) == 0;
  }

  /**
   * The checksum of a range that {@link #covers} allows.
   *
   * @return as {@link CRC32C#getValue}, or -1 when one of its blocks is not known
   */
  long of(long offset, int length) {
    int sum = 0;
    for (int i = 0; i < length; i += BLOCK) {
      int block = get((offset + i) / BLOCK);
      if (block == 0) {
        return -1;
      }
      sum = behind(sum) ^ block;
    }
    return Integer.toUnsignedLong(sum);
  }

  private int get(long block) {
    int[] piece = pieces.get((int) (block / BLOCKS_OF_PIECE));
    return piece == null ? 0 : piece[(int) (block % BLOCKS_OF_PIECE)];
  }

  /** Whether there is room to remember a range: its memory has a bound. */
  boolean hasRoom(long offset) {
    return made.get() < Limits.CHECKSUM_PIECES
        || pieces.get((int) (offset / BLOCK / BLOCKS_OF_PIECE)) != null;
  }

  /** Takes note of a range whose bytes are all remaining bytes of {@code bytes}. */
  void learn(long offset, ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    ByteBuffer block = bytes.duplicate();
    for (int at = bytes.position(); at < bytes.limit(); at += BLOCK) {
      crc.reset();
      crc.update(block.limit(at + BLOCK).position(at));
      set((offset + at - bytes.position()) / BLOCK, (int) crc.getValue());
    }
  }

  private void set(long block, int sum) {
    int index = (int) (block / BLOCKS_OF_PIECE);
    int[] piece = pieces.get(index);
    if (piece == null) {
      if (made.get() >= Limits.CHECKSUM_PIECES) {
        return;
      }
      piece = new int[BLOCKS_OF_PIECE];
      int[] other = pieces.compareAndExchange(index, null, piece);
      if (other == null) {
        made.incrementAndGet();
      } else {
        piece = other;
      }
    }
    // Whoever else writes it writes the same.
    piece[(int) (block % BLOCKS_OF_PIECE)] = sum;
  }

  private static int behind(int sum) {
    return BEHIND[sum & 0xFF]
        ^ BEHIND[0x100 | (sum >>> 8 & 0xFF)]
        ^ BEHIND[0x200 | (sum >>> 16 & 0xFF)]
        ^ BEHIND[0x300 | sum >>> 24];
  }

  private static int[] tables() {
    // What one zero bit does to each bit of a checksum, then two, four, and so on.
    int[] zeros = new int[Integer.SIZE];
    zeros[0] = POLYNOMIAL;
    for (int i = 1; i < zeros.length; i++) {
      zeros[i] = 1 << (i - 1);
    }
    for (int bits = 1; bits < BLOCK * Byte.SIZE; bits *= 2) {
      int[] twice = new int[zeros.length];
      for (int i = 0; i < zeros.length; i++) {
        twice[i] = times(zeros, zeros[i]);
      }
      zeros = twice;
    }
    int[] tables = new int[4 * 0x100];
    for (int i = 0; i < tables.length; i++) {
      tables[i] = times(zeros, (i & 0xFF) << ((i >>> 8) * Byte.SIZE));
    }
    return tables;
  }

  private static int times(int[] matrix, int vector) {
    int sum = 0;
    for (int rest = vector; rest != 0; rest &= rest - 1) {
      sum ^= matrix[Integer.numberOfTrailingZeros(rest)];
    }
    return sum;
  }
}
