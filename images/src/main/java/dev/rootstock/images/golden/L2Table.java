// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.golden;

import static dev.rootstock.images.golden.ImageFormatException.check;

/**
 * One L2 table: pure look-up from guest offsets to what is there ("L2 table entry" and "Extended L2
 * Entries" in the format). Every entry is checked when the table is made, so looking up cannot
 * fail.
 */
final class L2Table {
  /** Says that the cluster's refcount is one; reading does not care. */
  private static final long COPIED = 1L << 63;

  private static final long COMPRESSED = 1L << 62;
  private static final long ZERO = 1;
  static final long OFFSET = 0x00ff_ffff_ffff_fe00L;
  private static final long RESERVED = ~(COPIED | COMPRESSED | OFFSET | ZERO);

  private final Qcow2Header header;
  private final long[] words;

  /**
   * Takes a table that was read.
   *
   * @param at where it stands in the file, for messages
   * @throws ImageFormatException when an entry cannot be, or leads out of the file
   */
  L2Table(Qcow2Header header, long[] words, long at, long fileSize) throws ImageFormatException {
    this.header = header;
    this.words = words;
    for (int i = 0; i < words.length; i += header.wordsOfEntry()) {
      checkEntry(i, at + 8L * i, fileSize);
    }
  }

  /** A table without an entry: all of it shows the layer below. */
  static L2Table absent(Qcow2Header header) {
    return new L2Table(header);
  }

  private L2Table(Qcow2Header header) {
    this.header = header;
    this.words = new long[0];
  }

  /** Bytes of memory that it takes, about. */
  long bytes() {
    return 8L * words.length;
  }

  /** Number of entries. */
  int entries() {
    return words.length / header.wordsOfEntry();
  }

  /** The descriptor of an entry, for those who count what is used. */
  long descriptor(int entry) {
    return words[entry * header.wordsOfEntry()];
  }

  static boolean isCompressed(long descriptor) {
    return (descriptor & COMPRESSED) != 0;
  }

  private void checkEntry(int index, long at, long fileSize) throws ImageFormatException {
    long entry = words[index];
    if (isCompressed(entry)) {
      check(
          (entry & COPIED) == 0,
          at,
          () -> "L2 entry %#x is compressed and marked as its own".formatted(entry));
      check(
          packedOffset(entry) < fileSize && packedOffset(entry) >= header.clusterBytes(),
          at,
          () ->
              "L2 entry %#x names a compressed cluster at %d, outside the file's %d bytes"
                  .formatted(entry, packedOffset(entry), fileSize));
    } else {
      checkStandard(entry, at, fileSize);
    }
    if (header.extendedL2()) {
      long bitmap = words[index + 1];
      int both = (int) bitmap & (int) (bitmap >>> 32);
      check(both == 0, at + 8, () -> "sub-clusters %#x are both data and zeros".formatted(both));
      check(
          !isCompressed(entry) || bitmap == 0,
          at + 8,
          () -> "sub-clusters %#x of a compressed cluster".formatted(bitmap));
      check(
          (int) bitmap == 0 || (entry & OFFSET) != 0,
          at + 8,
          () -> "sub-clusters %#x have data in no place".formatted((int) bitmap));
    }
  }

  private void checkStandard(long entry, long at, long fileSize) throws ImageFormatException {
    check((entry & RESERVED) == 0, at, () -> "L2 entry %#x has reserved bits".formatted(entry));
    boolean zeroAllowed = header.version() >= 3 && !header.extendedL2();
    check(
        (entry & ZERO) == 0 || zeroAllowed,
        at,
        () -> "L2 entry %#x marks zeros here".formatted(entry));
    long host = entry & OFFSET;
    if (host != 0) {
      check(
          host % header.clusterBytes() == 0,
          at,
          () -> "L2 entry %#x names no cluster".formatted(entry));
      check(
          host < fileSize,
          at,
          () ->
              "L2 entry %#x names a cluster beyond the file's %d bytes".formatted(entry, fileSize));
    }
  }

  /** What the bytes from {@code guest} on are made of, up to {@code most} of them. */
  Mapping lookup(long guest, long most) {
    if (words.length == 0) {
      return new Mapping.Backing(Math.min(most, toTableEnd(guest)));
    }
    int entry = entryOf(guest);
    long descriptor = descriptor(entry);
    int inside = (int) guest & (header.clusterBytes() - 1);
    if (isCompressed(descriptor)) {
      return new Mapping.Compressed(
          packedOffset(descriptor),
          packedBytes(descriptor),
          inside,
          Math.min(most, header.clusterBytes() - inside));
    }
    Kind kind = kind(guest);
    long length = run(guest, Math.min(most, toTableEnd(guest)), kind);
    return switch (kind) {
      case ZERO -> new Mapping.Zero(length);
      case DATA -> new Mapping.Data((descriptor & OFFSET) + inside, length);
      case BACKING -> new Mapping.Backing(length);
    };
  }

  private enum Kind {
    ZERO,
    DATA,
    BACKING
  }

  private long run(long guest, long most, Kind kind) {
    long unit = 1L << header.unitBits();
    long place = (descriptor(entryOf(guest)) & OFFSET) - (guest & -header.clusterBytes());
    long end = (guest & -unit) + unit;
    while (end - guest < most) {
      long next = descriptor(entryOf(end));
      if (isCompressed(next) || kind(end) != kind) {
        break;
      }
      if (kind == Kind.DATA && (next & OFFSET) - (end & -header.clusterBytes()) != place) {
        break;
      }
      end += unit;
    }
    return Math.min(end - guest, most);
  }

  /** The kind of the unit at an offset whose cluster is not compressed. */
  private Kind kind(long guest) {
    int entry = entryOf(guest);
    long descriptor = descriptor(entry);
    if (header.extendedL2()) {
      long bitmap = words[entry * 2 + 1];
      int sub = (int) (guest >>> header.unitBits()) & (Qcow2Header.SUBCLUSTERS - 1);
      if ((bitmap >>> sub & 1) != 0) {
        return Kind.DATA;
      }
      return (bitmap >>> (sub + 32) & 1) != 0 ? Kind.ZERO : Kind.BACKING;
    }
    if ((descriptor & ZERO) != 0) {
      return Kind.ZERO;
    }
    return (descriptor & OFFSET) != 0 ? Kind.DATA : Kind.BACKING;
  }

  private int entryOf(long guest) {
    return (int) (guest >>> header.clusterBits()) & ((1 << header.l2Bits()) - 1);
  }

  private long toTableEnd(long guest) {
    long covered = 1L << (header.clusterBits() + header.l2Bits());
    return covered - (guest & (covered - 1));
  }

  /** "Compressed Clusters Descriptor": the place takes the low 70 - cluster_bits bits. */
  long packedOffset(long descriptor) {
    return descriptor & ((1L << (70 - header.clusterBits())) - 1) & 0x00ff_ffff_ffff_ffffL;
  }

  private int packedBytes(long descriptor) {
    int shift = 70 - header.clusterBits();
    int sectors = (int) ((descriptor & ~(COPIED | COMPRESSED)) >>> shift) + 1;
    return sectors * 512 - (int) (packedOffset(descriptor) & 511);
  }
}
