// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

/**
 * The 64 bits that say where a cluster is ("L2 table entry" and "Standard Cluster Descriptor" in
 * the format). L1 entries share the offset and the flag {@link #COPIED}.
 */
final class L2Entry {
  /** The cluster is in use once, so that it may be overwritten in place. */
  static final long COPIED = 1L << 63;

  static final long COMPRESSED = 1L << 62;

  /** The cluster reads as zeros, even when it has a place in the file. */
  static final long ZERO = 1;

  /** An entry of all zeros: the golden image's cluster shows. */
  static final long UNALLOCATED = 0;

  /** No entry: no file holds this value, for it has reserved bits. Its table is not in memory. */
  static final long UNKNOWN = -1;

  private static final long OFFSET = 0x00ff_ffff_ffff_fe00L;
  private static final long RESERVED = ~(COPIED | COMPRESSED | OFFSET | ZERO);

  private L2Entry() {}

  static long data(HostOffset at) {
    return at.value() | COPIED;
  }

  /** The place in the file; 0 when it has none. */
  static long host(long entry) {
    return entry & OFFSET;
  }

  static boolean isZero(long entry) {
    return (entry & ZERO) != 0;
  }

  static boolean isData(long entry) {
    return (entry & ZERO) == 0 && entry != UNALLOCATED;
  }

  /** The same cluster, reading as zeros; its place in the file is kept for the next write. */
  static long zeroed(long entry) {
    return entry | ZERO;
  }

  static boolean hasReservedBits(long entry) {
    return (entry & RESERVED) != 0;
  }
}
