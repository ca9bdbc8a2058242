// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import org.jspecify.annotations.Nullable;

/**
 * The 128 bits that say where a cluster is ("Extended L2 Entries" in the format): a descriptor with
 * its place in the file, and a bitmap of its 32 sub-clusters, low half those that stand in the
 * file, high half those that read as zeros; a sub-cluster in neither shows the golden image. L1
 * entries look like descriptors.
 */
final class L2Entry {
  /** The cluster is in use once, so that it may be overwritten in place. */
  static final long COPIED = 1L << 63;

  static final long COMPRESSED = 1L << 62;
  private static final long OFFSET = 0x00ff_ffff_ffff_fe00L;
  private static final int ALL = -1;

  private L2Entry() {}

  /** The descriptor of a cluster at a place; 0 when it has none. */
  static long descriptor(long place) {
    return place == 0 ? 0 : place | COPIED;
  }

  /** The place in the file that a descriptor or an L1 entry names; 0 when it has none. */
  static long place(long descriptor) {
    return descriptor & OFFSET;
  }

  /** Which sub-clusters stand in the file. */
  static int data(long bitmap) {
    return (int) bitmap;
  }

  /** Which sub-clusters read as zeros. */
  static int zeros(long bitmap) {
    return (int) (bitmap >>> 32);
  }

  static long bitmap(int data, int zeros) {
    return (long) zeros << 32 | Integer.toUnsignedLong(data);
  }

  /** A mask of {@code count} sub-clusters from {@code first} on. */
  static int mask(int first, int count) {
    return count == 0 ? 0 : ALL >>> (32 - count) << first;
  }

  /** How many sub-clusters of the mask follow each other from {@code first} on. */
  static int run(int mask, int first) {
    return Integer.numberOfTrailingZeros(~(mask >>> first));
  }

  /** What is wrong with an entry on its own, or null. */
  static @Nullable String problem(long descriptor, long bitmap) {
    if ((descriptor & COMPRESSED) != 0) {
      return "is compressed, as no overlay's cluster is";
    }
    if ((descriptor & ~(COPIED | OFFSET)) != 0) {
      return "has reserved bits set";
    }
    if ((place(descriptor) != 0) != ((descriptor & COPIED) != 0)) {
      return "names a cluster that is not its own";
    }
    if ((data(bitmap) & zeros(bitmap)) != 0) {
      return "has sub-clusters that are data and zeros at once";
    }
    if (data(bitmap) != 0 && place(descriptor) == 0) {
      return "has data and no place for them";
    }
    return null;
  }
}
