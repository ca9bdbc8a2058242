// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images;

/** Every bound of this module. Nothing here grows with what a network sends. */
public final class Limits {

  /** The largest disk, golden or overlay, in bytes: what one L1 table maps. */
  public static final long MAX_DISK_BYTES = 64L << 40;

  /** Bytes of a golden image that are lent in one piece. */
  public static final int MAX_LOAN_BYTES = 1 << 20;

  /**
   * Pieces of 16 MiB of a golden file whose checksums are remembered, for data digests: the first 8
   * GiB that are asked for, in 8 MiB of memory.
   */
  public static final int CHECKSUM_PIECES = 512;

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

  /** An overlay that has no room says so in the log once in so many seconds at most. */
  public static final int NO_ROOM_LOGGED_SECONDS = 60;

  /** Threads that sync, for all overlays together; one overlay uses one at a time. */
  public static final int SYNC_THREADS = 16;

  /** Bytes of writes that one round takes from an overlay's queue, beyond the first write. */
  public static final long ROUND_BYTES = 4L << 20;

  /** Operations that one round takes from an overlay's queue. */
  public static final int ROUND_OPERATIONS = 256;

  /** Clusters that one round takes of a discard; a larger one goes on in the next round. */
  public static final int ROUND_DISCARD_CLUSTERS = 1_024;

  /** Clusters of an overlay's file that are counted at a time, before they are used. */
  public static final int LEASED_CLUSTERS = 64;

  /** Slices of overlays' maps kept in memory, for all overlays together; about 2 KiB each. */
  public static final int CACHED_MAP_SLICES = 65_536;

  /**
   * Changed clusters of an overlay after which its map is written, though nobody flushes. That
   * costs two syncs, which a client that writes on pays for, so it is as rare as memory allows:
   * with slices, one overlay holds about a twelfth of {@link #HELD_MAP_BYTES} then.
   */
  public static final int CHECKPOINT_CLUSTERS = 32_768;

  /**
   * Slices of an overlay's map that are held for changes after which its map is written; with twice
   * as many it waits for that.
   */
  public static final int CHECKPOINT_SLICES = 2_048;

  /**
   * Bytes of memory for changes of maps that are not in the files yet, pinned slices among them,
   * for all overlays together. In slices alone it is two thirds of those that are kept in memory,
   * so there is always one to be forgotten. Beyond it writes wait for checkpoints.
   */
  public static final long HELD_MAP_BYTES = 96L << 20;

  /**
   * Seconds after which changes of a map are written, though nobody flushes or needs the memory.
   */
  public static final int UNWRITTEN_SECONDS = 30;

  /** L2 tables of a file that was not closed up to which all are read to find leaked clusters. */
  public static final int CENSUS_TABLES = 512;

  /**
   * Records of one half of a journal, 8 MiB, which 1 GiB of new blocks of 4 KiB make at the most; a
   * disk whose half is full waits for its map.
   */
  public static final int JOURNAL_RECORDS = 262_144;

  /** Records of a half, 1 MiB, however little room its client has left. */
  public static final int LEAST_JOURNAL_RECORDS = 32_768;

  /**
   * A half takes no more than one part in so many of the room that is left when it is begun: with
   * less than 512 MiB it waits for its map earlier.
   */
  public static final int JOURNAL_SHARE = 64;

  /** Bytes of a journal that stay when its overlay is idle; a longer one is deleted. */
  public static final int IDLE_JOURNAL_BYTES = 1 << 20;

  /** Room that a round needs in the journal: no round makes more records. */
  public static final int ROUND_RECORDS = 8_192;

  /** Bytes of an L1 table: 64 TiB of 128 KiB clusters need half of it. */
  public static final int MAX_L1_BYTES = 1 << 20;

  /** Bytes of a refcount table: 128 TiB of overlay file with 64 KiB clusters. */
  public static final int MAX_REFCOUNT_TABLE_BYTES = 1 << 19;

  /** The largest cluster of an overlay that we open, in bytes. */
  public static final int MAX_CLUSTER_BYTES = 128 << 10;

  /** Bytes of a qcow2 header with all its extensions: QEMU keeps it in the first cluster too. */
  public static final int MAX_HEADER_BYTES = 64 << 10;

  /** Bytes of one piece of memory outside the heap for tables on their way: the longest header. */
  public static final int SCRATCH_BYTES = MAX_HEADER_BYTES;

  /** Pieces of it that are kept when nobody uses them. */
  public static final int SCRATCHES = 32;

  /** Bytes of a backing file's name (the format's own bound). */
  public static final int MAX_BACKING_NAME_BYTES = 1_023;

  /** Bytes of the L1 table of an image that others made: QEMU's own bound. */
  public static final int MAX_FOREIGN_L1_BYTES = 32 << 20;

  /** Clusters of the file of an image that others made: 16 TiB of QEMU's default size. */
  public static final int MAX_FOREIGN_CLUSTERS = 1 << 28;

  /** Bytes of L2 tables kept in memory, for all golden versions and frozen layers together. */
  public static final long GOLDEN_MAP_BYTES = 64L << 20;

  /** Bytes of L2 tables that one import keeps in memory. */
  public static final long IMPORT_MAP_BYTES = 16L << 20;

  /** L2 tables, of 64 KiB, that the making of a layer keeps in memory. */
  public static final int WRITER_TABLES = 64;

  /** Deltas that a golden version may stand on before it is made whole in the background. */
  public static final int MAX_DELTAS = 8;

  /** Bytes that a checksum of a part of a golden version is taken of. */
  public static final int CHECKSUM_PIECE_BYTES = 16 << 20;

  /** Threads that check one golden version. */
  public static final int VERIFY_THREADS = 4;

  /** Address space of a qemu-img that reads an image which others made, in KiB. */
  public static final long QEMU_IMG_MEMORY_KIB = 4L << 20;

  /** Processor seconds of such a qemu-img. */
  public static final long QEMU_IMG_SECONDS = 4 * 3600;

  /** Bytes of what such a qemu-img says that are kept for a message. */
  public static final int QEMU_IMG_MESSAGE_BYTES = 4096;

  /** Bytes of a descriptor inside a VMDK image. */
  public static final int MAX_VMDK_DESCRIPTOR_BYTES = 64 << 10;

  /** Memory in KiB that unpacking an .xz file may take. */
  public static final int XZ_MEMORY_KIB = 128 << 10;

  /** Layers that an image which others made may stand on. */
  public static final int MAX_CHAIN = 64;

  /** Bytes that an import or a check of an image moves at a time. */
  public static final int COPY_BYTES = 1 << 20;

  /** Bytes of a version's description beside its image. */
  public static final int MAX_SIDECAR_BYTES = 4_096;

  /** Versions that one image may have had. */
  public static final int MAX_VERSION_NUMBER = 999_999;

  /** Bytes that a file system in RAM must have left for a new disk in it. */
  public static final long LEAST_MEMORY_BYTES = 16L << 20;

  /** Bytes that are read to look into what a guest wrote. */
  public static final long GUEST_READ_BYTES = 64L << 20;

  /** Bytes of it that are read at a time: the largest block of a file system. */
  public static final int GUEST_PIECE_BYTES = 64 << 10;

  /** Bytes of a folder of a guest that is looked through. */
  public static final int GUEST_FOLDER_BYTES = 4 << 20;

  /** Links that are followed in it, and parts of a name. */
  public static final int GUEST_LINKS = 16;

  /** Entries of a guest's partition table. */
  public static final int GUEST_PARTITIONS = 256;

  /** Locks that clients' names share in the store. */
  public static final int NAME_LOCKS = 256;

  /** Seconds that a copy of a disk in use waits for one read while the disk has too many. */
  public static final long BUSY_COPY_SECONDS = 60;

  /**
   * Seconds that a copy of a disk in use waits for the changes under way to end, before it begins;
   * changes that come meanwhile wait as long.
   */
  public static final long MOMENT_SECONDS = 5;

  private Limits() {}
}
