// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.guest;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Where the blocks of a file are that has no extents: directly, or one to three tables further. */
record Ext4BlockMap(Blocks blocks, int blockBytes) {
  private static final int DIRECT = 12;
  private static final int TABLES = 3;

  /** Reads a block of the file system, or says why it cannot be. */
  interface Blocks {
    ByteBuffer at(long number) throws IOException;
  }

  /**
   * The number of a block; 0 where the file has a hole.
   *
   * @param map the 15 numbers in the file's inode
   */
  long find(ByteBuffer map, long index) throws IOException {
    if (index < DIRECT) {
      return Integer.toUnsignedLong(map.getInt((int) index * Integer.BYTES));
    }
    long entries = blockBytes / Integer.BYTES;
    long rest = index - DIRECT;
    long covered = entries;
    for (int depth = 1; depth <= TABLES; depth++) {
      if (rest < covered) {
        long at = Integer.toUnsignedLong(map.getInt((DIRECT + depth - 1) * Integer.BYTES));
        for (long below = covered / entries; at != 0; below /= entries) {
          at = Integer.toUnsignedLong(blocks.at(at).getInt((int) (rest / below) * Integer.BYTES));
          rest %= below;
          if (below == 1) {
            return at;
          }
        }
        return 0;
      }
      rest -= covered;
      covered *= entries;
    }
    return 0;
  }
}
