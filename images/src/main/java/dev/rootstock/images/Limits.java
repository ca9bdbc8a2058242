// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images;

/** Every bound of this module. Nothing here grows with what a network sends. */
public final class Limits {

  /** The largest disk, golden or overlay, in bytes: what one L1 table maps. */
  public static final long MAX_DISK_BYTES = 64L << 40;

  /** Threads that wait for reads which left the event loop, for all disks together. */
  public static final int READ_THREADS = 8;

  /** Threads that write and sync, for all overlays together; one overlay uses one at a time. */
  public static final int WRITE_THREADS = 8;

  /** Reads waiting for a thread, for all disks together; beyond it a disk is busy. */
  public static final int QUEUED_READS = 65_536;

  /** Reads of one disk waiting for a thread; beyond it that disk is busy. */
  public static final int QUEUED_READS_OF_A_DISK = 512;

  /** Writes, flushes and discards waiting for their turn in one overlay; beyond it it is busy. */
  public static final int QUEUED_CHANGES = 4_096;

  /** Bytes of writes that one round takes from an overlay's queue, beyond the first write. */
  public static final long ROUND_BYTES = 4L << 20;

  /** Operations that one round takes from an overlay's queue. */
  public static final int ROUND_OPERATIONS = 256;

  /** Clusters that one round takes of a discard; a larger one goes on in the next round. */
  public static final int ROUND_DISCARD_CLUSTERS = 8_192;

  /** L2 tables kept in memory, for all overlays together; 64 KiB each. */
  public static final int CACHED_L2_TABLES = 4_096;

  /** Bytes of an L1 table: 64 TiB of 64 KiB clusters. */
  public static final int MAX_L1_BYTES = 1 << 20;

  /** Bytes of a refcount table: 128 TiB of overlay file with 64 KiB clusters. */
  public static final int MAX_REFCOUNT_TABLE_BYTES = 1 << 19;

  /** The largest cluster of an overlay that we open, in bytes. */
  public static final int MAX_CLUSTER_BYTES = 64 << 10;

  /** Bytes of a qcow2 header with all its extensions: QEMU keeps it in the first cluster too. */
  public static final int MAX_HEADER_BYTES = 64 << 10;

  /** Bytes of a backing file's name (the format's own bound). */
  public static final int MAX_BACKING_NAME_BYTES = 1_023;

  /** Bytes that an import or a check of an image moves at a time. */
  public static final int COPY_BYTES = 1 << 20;

  /** Bytes of a version's description beside its image. */
  public static final int MAX_SIDECAR_BYTES = 4_096;

  /** Versions that one image may have had. */
  public static final int MAX_VERSION_NUMBER = 999_999;

  /** Locks that clients' names share in the store. */
  public static final int NAME_LOCKS = 256;

  private Limits() {}
}
