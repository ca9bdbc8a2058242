// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.golden;

import org.jspecify.annotations.Nullable;

/**
 * What the header of a qcow2 file says, as far as reading needs it. Offsets are bytes of the file.
 *
 * @param version 2 or 3
 * @param clusterBits 2 to this power is the size of a cluster, 9 to 21
 * @param sizeBytes the disk, a positive multiple of 512
 * @param backingName the file below as its maker wrote it, not to be trusted; null for none
 * @param backingFormat its format as the file says it; null where it does not
 * @param extendedL2 whether an L2 entry has 16 bytes and a bitmap of 32 sub-clusters
 */
public record Qcow2Header(
    int version,
    int clusterBits,
    long sizeBytes,
    @Nullable String backingName,
    @Nullable String backingFormat,
    int l1Entries,
    long l1Offset,
    long refcountTableOffset,
    long refcountTableBytes,
    Compression compression,
    boolean extendedL2) {

  /** Sub-clusters of a cluster with extended L2 entries. */
  static final int SUBCLUSTERS = 32;

  public int clusterBytes() {
    return 1 << clusterBits;
  }

  /** Longs of one L2 entry. */
  int wordsOfEntry() {
    return extendedL2 ? 2 : 1;
  }

  /** Bits of a guest cluster's number that index an L2 table. */
  int l2Bits() {
    return clusterBits - (extendedL2 ? 4 : 3);
  }

  /** Guest bytes of the smallest unit that has a state of its own, as a power of two. */
  int unitBits() {
    return extendedL2 ? clusterBits - 5 : clusterBits;
  }
}
