// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.Limits;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What an overlay's header says, with the geometry that follows from it. Offsets are bytes of the
 * overlay's file.
 *
 * @param clusterBits 2 to this power is the size of a cluster
 * @param sizeBytes the client's disk
 * @param backingName the golden image's file, relative to the overlay's folder; empty for a disk
 *     that begins as zeros
 * @param overlay our identity of the overlay, from a header extension of our own
 * @param epoch which journal belongs to this state of the file; grows with each checkpoint
 * @param epochAt where the epoch stands in the file
 * @param madeIn the kernel's boot in which the file was made, until the file is durable; behind the
 *     epoch. Null when it is: after any power loss it is there
 */
record Header(
    int clusterBits,
    long sizeBytes,
    String backingName,
    UUID overlay,
    long epoch,
    int epochAt,
    int l1Entries,
    long l1Offset,
    int refcountTableClusters,
    long refcountTableOffset,
    @Nullable UUID madeIn) {

  /** The cluster size of overlays that we make: 128 KiB, for sub-clusters of 4 KiB. */
  static final int CLUSTER_BITS = 17;

  /** Every cluster has 32 sub-clusters ("Extended L2 Entries" in the format). */
  static final int SUB_CLUSTERS = 32;

  /** Bytes of an extended L2 entry: descriptor and bitmap. */
  static final int L2_ENTRY_BYTES = 16;

  /** Where the epoch stands in overlays that we make. */
  static final int EPOCH_AT = 128;

  /** Two bytes a refcount, the format's default. */
  static final int REFCOUNT_ORDER = 4;

  /**
   * The layout of a new overlay: header, refcount table, first refcount block, L1 table. Both
   * tables have their final size, so neither ever moves.
   */
  static Header layOut(int clusterBits, long sizeBytes, String backingName, UUID overlay) {
    long cluster = 1L << clusterBits;
    long guestClusters = ceilDiv(sizeBytes, cluster);
    long l1Entries = ceilDiv(guestClusters, cluster / L2_ENTRY_BYTES);
    // Twice what the whole disk with its tables takes, for what crashes may leak.
    long hostClusters = 2 * (guestClusters + l1Entries) + 64;
    long refcountBlocks = ceilDiv(hostClusters, cluster / Short.BYTES);
    long tableClusters = ceilDiv(refcountBlocks * Long.BYTES, cluster);
    if (l1Entries * Long.BYTES > Limits.MAX_L1_BYTES
        || tableClusters * cluster > Limits.MAX_REFCOUNT_TABLE_BYTES) {
      throw new IllegalArgumentException(
          "no tables for a disk of %d bytes in clusters of %d".formatted(sizeBytes, cluster));
    }
    return new Header(
        clusterBits,
        sizeBytes,
        backingName,
        overlay,
        1,
        EPOCH_AT,
        (int) l1Entries,
        (2 + tableClusters) * cluster,
        (int) tableClusters,
        cluster,
        null);
  }

  /** The same for a file that nobody syncs before there is something to lose. */
  Header fresh(UUID boot) {
    return new Header(
        clusterBits,
        sizeBytes,
        backingName,
        overlay,
        epoch,
        epochAt,
        l1Entries,
        l1Offset,
        refcountTableClusters,
        refcountTableOffset,
        boot);
  }

  /** The backing file's format, which its name in the store ends with. */
  String backingFormat() {
    return backingName.endsWith(".qcow2") ? "qcow2" : "raw";
  }

  long clusterBytes() {
    return 1L << clusterBits;
  }

  /** Entries of one L2 table. */
  int l2Entries() {
    return 1 << (clusterBits - 4);
  }

  /** 2 to this power is the size of a sub-cluster. */
  int subBits() {
    return clusterBits - 5;
  }

  /** Host clusters that one refcount block counts. */
  int refcountsPerBlock() {
    return 1 << (clusterBits - 1);
  }

  long guestClusters() {
    return ceilDiv(sizeBytes, clusterBytes());
  }

  static long ceilDiv(long value, long by) {
    return Math.ceilDiv(value, by);
  }
}
