// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.golden;

import static dev.rootstock.images.golden.ImageFormatException.check;

import dev.rootstock.images.Limits;
import dev.rootstock.images.file.HostFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads the headers that QEMU writes ("Header" and "Header extensions" in the format), and trusts
 * nothing: sizes are bounded before anything is allocated, tables have to lie inside the file.
 *
 * <p>Internal snapshots are passed over: the active state is what is read. So is the dirty bit,
 * which speaks of refcounts only, and reading needs none.
 */
final class Qcow2HeaderReader {
  static final int MAGIC = 0x514649fb;

  private static final int V2_BYTES = 72;
  private static final int V3_BYTES = 104;
  private static final int BACKING_FORMAT = 0xe2792aca;
  private static final long DIRTY = 1;
  private static final long CORRUPT = 2;
  private static final long EXTERNAL_DATA = 4;
  private static final long COMPRESSION_TYPE = 8;
  private static final long EXTENDED_L2 = 16;
  private static final int LARGEST_CLUSTER_BITS = 21;

  private final ByteBuffer in;
  private final long fileSize;
  private final int version;
  private final int clusterBits;
  private final int headerBytes;
  private final long incompatible;

  private Qcow2HeaderReader(ByteBuffer in, long fileSize) throws ImageFormatException {
    this.in = in;
    this.fileSize = fileSize;
    check(in.limit() >= V2_BYTES, in.limit(), () -> "the file ends inside its header");
    check(in.getInt(0) == MAGIC, 0, () -> "no qcow2 magic number");
    version = in.getInt(4);
    check(
        version == 2 || version == 3,
        4,
        () -> "qcow2 version %d, neither 2 nor 3".formatted(version));
    clusterBits = in.getInt(20);
    boolean extended = version == 3 && in.limit() >= V3_BYTES && (in.getLong(72) & 16) != 0;
    check(
        clusterBits >= (extended ? 14 : 9) && clusterBits <= LARGEST_CLUSTER_BITS,
        20,
        () -> "clusters of 2^%d bytes, not 2^%d to 2^21".formatted(clusterBits, extended ? 14 : 9));
    if (version == 2) {
      headerBytes = V2_BYTES;
      incompatible = 0;
    } else {
      check(in.limit() >= V3_BYTES, in.limit(), () -> "the file ends inside its header");
      headerBytes = in.getInt(100);
      incompatible = in.getLong(72);
      check(
          headerBytes >= V3_BYTES && headerBytes % 8 == 0 && headerBytes <= firstCluster(),
          100,
          () -> "a header of %d bytes".formatted(headerBytes));
    }
  }

  static Qcow2Header read(HostFile file) throws IOException {
    long size = file.size();
    ByteBuffer in = ByteBuffer.allocateDirect((int) Math.min(size, Limits.MAX_HEADER_BYTES));
    file.read(0, in);
    return decode(in.flip(), size);
  }

  /** Reads a header from the first bytes of a file of {@code fileSize} bytes. */
  static Qcow2Header decode(ByteBuffer in, long fileSize) throws ImageFormatException {
    return new Qcow2HeaderReader(in, fileSize).header();
  }

  private Qcow2Header header() throws ImageFormatException {
    long size = in.getLong(24);
    check(
        size > 0 && size <= Limits.MAX_DISK_BYTES && size % 512 == 0,
        24,
        () ->
            "a disk of %s bytes; it takes a multiple of 512 up to 64 TiB"
                .formatted(Long.toUnsignedString(size)));
    check(
        in.getInt(32) == 0,
        32,
        () ->
            "it is encrypted (method %d): decrypt it first with qemu-img convert"
                .formatted(in.getInt(32)));
    features();
    Qcow2Header header =
        new Qcow2Header(
            version,
            clusterBits,
            size,
            backingName(),
            backingFormat(),
            in.getInt(36),
            in.getLong(40),
            in.getLong(48),
            Integer.toUnsignedLong(in.getInt(56)) << clusterBits,
            compression(),
            (incompatible & EXTENDED_L2) != 0);
    l1(header);
    return header;
  }

  private void features() throws ImageFormatException {
    check(
        (incompatible & CORRUPT) == 0,
        72,
        () -> "QEMU has marked it corrupt: mend a copy of it with qemu-img check -r all");
    check(
        (incompatible & EXTERNAL_DATA) == 0,
        72,
        () ->
            "its data stand in another file (data_file), which could be any file of this machine:"
                + " make one file of it with qemu-img convert");
    long unknown = incompatible & ~(DIRTY | CORRUPT | COMPRESSION_TYPE | EXTENDED_L2);
    check(unknown == 0, 72, () -> "unknown incompatible features %#x".formatted(unknown));
  }

  /** The bit is there if and only if the type is another than the old one. */
  private Compression compression() throws ImageFormatException {
    int type = headerBytes > V3_BYTES ? in.get(V3_BYTES) : 0;
    boolean bit = (incompatible & COMPRESSION_TYPE) != 0;
    check(
        bit == (type != 0),
        V3_BYTES,
        () -> "compression type %d against the feature bit".formatted(type));
    return switch (type) {
      case 0 -> Compression.ZLIB;
      case 1 -> Compression.ZSTD;
      default ->
          throw new ImageFormatException(
              "offset %d: unknown compression type %d".formatted(V3_BYTES, type));
    };
  }

  private void l1(Qcow2Header header) throws ImageFormatException {
    long clusters = Math.ceilDiv(header.sizeBytes(), header.clusterBytes());
    long needed = Math.ceilDiv(clusters, 1L << header.l2Bits());
    check(
        header.l1Entries() >= needed && header.l1Entries() <= Limits.MAX_FOREIGN_L1_BYTES / 8,
        36,
        () ->
            "an L1 table of %d entries where the disk needs %d and %d are allowed"
                .formatted(
                    Integer.toUnsignedLong(header.l1Entries()),
                    needed,
                    Limits.MAX_FOREIGN_L1_BYTES / 8));
    long bytes = 8L * header.l1Entries();
    long at = header.l1Offset();
    check(
        at >= header.clusterBytes() && at % header.clusterBytes() == 0 && at <= fileSize - bytes,
        40,
        () ->
            "the L1 table of %d bytes at %s does not lie in clusters of the file's %d bytes"
                .formatted(bytes, Long.toUnsignedString(at), fileSize));
  }

  /** Where the first cluster ends as far as it was read; name and extensions end before it. */
  private int firstCluster() {
    return Math.min(in.limit(), 1 << clusterBits);
  }

  /** Each step moves on, so it ends with the cluster. */
  private @Nullable String backingFormat() throws ImageFormatException {
    int end = firstCluster();
    int at = headerBytes;
    while (at <= end - 8) {
      int type = in.getInt(at);
      int length = in.getInt(at + 4);
      if (type == 0) {
        break;
      }
      check(
          length >= 0 && length <= end - at - 8,
          at + 4,
          () -> "a header extension of %d bytes".formatted(Integer.toUnsignedLong(length)));
      if (type == BACKING_FORMAT) {
        return text(at + 8, length);
      }
      at += 8 + (length + 7 & ~7);
    }
    return null;
  }

  private @Nullable String backingName() throws ImageFormatException {
    long offset = in.getLong(8);
    int length = in.getInt(16);
    if (offset == 0) {
      return null;
    }
    check(
        length > 0 && length <= Limits.MAX_BACKING_NAME_BYTES,
        16,
        () -> "a backing file's name of %d bytes".formatted(Integer.toUnsignedLong(length)));
    check(
        offset >= V2_BYTES && offset <= firstCluster() - length,
        8,
        () ->
            "a backing file's name at %s, outside the first cluster"
                .formatted(Long.toUnsignedString(offset)));
    return text((int) offset, length);
  }

  private String text(int at, int length) throws ImageFormatException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(in.slice(at, length)).toString();
    } catch (CharacterCodingException bad) {
      throw new ImageFormatException("offset " + at + ": a name that is no UTF-8");
    }
  }
}
