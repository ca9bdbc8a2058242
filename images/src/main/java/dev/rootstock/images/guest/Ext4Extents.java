// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.guest;

import static dev.rootstock.images.guest.GuestFormatException.check;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Where the blocks of a file are that has extents. */
record Ext4Extents(Ext4BlockMap.Blocks blocks) {
  private static final int MARK = 0xF30A;
  private static final int ENTRY = 12;
  private static final int DEEPEST = 5;

  /** What is longer than this is allocated and was never written: it reads as zeros. */
  private static final int WRITTEN = 32_768;

  /**
   * The number of a block; 0 where the file has a hole.
   *
   * @param root what stands in the file's inode
   */
  long find(ByteBuffer root, long index) throws IOException {
    int depth = depth(root);
    check(depth <= DEEPEST, () -> "an extent tree of depth %d".formatted(depth));
    return find(root, index, depth);
  }

  private long find(ByteBuffer node, long index, int depth) throws IOException {
    if (depth == 0) {
      return leaf(node, index);
    }
    long below = 0;
    for (int at = ENTRY; at <= last(node); at += ENTRY) {
      if (Integer.toUnsignedLong(node.getInt(at)) <= index) {
        below =
            Integer.toUnsignedLong(node.getInt(at + 4)) | (node.getShort(at + 8) & 0xFFFFL) << 32;
      }
    }
    if (below == 0) {
      return 0;
    }
    ByteBuffer next = blocks.at(below);
    int found = depth(next);
    check(
        found == depth - 1,
        () -> "an extent tree of depth %d below one of %d".formatted(found, depth));
    return find(next, index, found);
  }

  private static long leaf(ByteBuffer node, long index) throws GuestFormatException {
    for (int at = ENTRY; at <= last(node); at += ENTRY) {
      long first = Integer.toUnsignedLong(node.getInt(at));
      int length = node.getShort(at + 4) & 0xFFFF;
      if (index >= first && index < first + length && length <= WRITTEN) {
        long start =
            (node.getShort(at + 6) & 0xFFFFL) << 32 | Integer.toUnsignedLong(node.getInt(at + 8));
        return start + (index - first);
      }
    }
    return 0;
  }

  private static int depth(ByteBuffer node) throws GuestFormatException {
    check((node.getShort(0) & 0xFFFF) == MARK, () -> "an extent tree without its mark");
    return node.getShort(6) & 0xFFFF;
  }

  /** Where the last entry begins. */
  private static int last(ByteBuffer node) throws GuestFormatException {
    int entries = node.getShort(2) & 0xFFFF;
    check(
        ENTRY * (entries + 1) <= node.limit(),
        () -> "%d extents in %d bytes".formatted(entries, node.limit()));
    return ENTRY * entries;
  }
}
