// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.Limits;
import dev.rootstock.images.file.HostFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Headers to bytes and back ("Header" and "Header extensions" in the format).
 *
 * <p>Reading trusts nothing: sizes are bounded before anything is allocated, and every table has to
 * lie inside the file. A refusal names the offset of the field that is wrong.
 */
final class HeaderCodec {
  static final int MAGIC = 0x514649fb;
  static final int BACKING_FORMAT = 0xe2792aca;

  /**
   * Our extension, "RSTK": 16 bytes of UUID, 8 of epoch, 16 of the kernel's boot in which the file
   * was made, zeros once it is durable. Others keep it and pass over it.
   */
  static final int IDENTITY = 0x5253544b;

  static final int AUTOCLEAR_AT = 88;

  /** Stands for no boot. */
  static final UUID NONE = new UUID(0, 0);

  private static final int VERSION = 3;
  private static final int HEADER_BYTES = 104;
  private static final int SMALLEST_CLUSTER_BITS = 14; // the format's bound, for 32 sub-clusters
  private static final int LARGEST_CLUSTER_BITS = 17;
  private static final int IDENTITY_BYTES = 40;

  /** Of the first pre-releases: their files were durable from the start. */
  private static final int DURABLE_IDENTITY_BYTES = 24;

  private static final long DIRTY = 1;
  private static final long CORRUPT = 2;
  private static final long EXTERNAL_DATA = 4;
  private static final long EXTENDED_L2 = 16;

  /**
   * Our autoclear feature: the journal beside the file, if there is one, belongs to it. Whoever
   * does not know it and writes the file has to clear it ("autoclear_features" in the format).
   */
  static final long JOURNALED = 1L << 62;

  /** Room for all that {@link #encode} writes: the fields, three extensions, a backing name. */
  private static final int ENCODED_BYTES = Limits.MAX_BACKING_NAME_BYTES + 257;

  private HeaderCodec() {}

  /** The first bytes of the file; the rest of its first cluster is zeros. */
  static ByteBuffer encode(Header header) {
    byte[] backing = header.backingName().getBytes(StandardCharsets.UTF_8);
    if (backing.length > Limits.MAX_BACKING_NAME_BYTES) {
      throw new IllegalArgumentException("backing name of " + backing.length + " bytes");
    }
    ByteBuffer out = ByteBuffer.allocate(ENCODED_BYTES);
    out.putInt(MAGIC).putInt(VERSION);
    int backingFields = out.position();
    out.putLong(0).putInt(0); // backing name's offset and length: known below
    out.putInt(header.clusterBits()).putLong(header.sizeBytes());
    out.putInt(0); // not encrypted
    out.putInt(header.l1Entries()).putLong(header.l1Offset());
    out.putLong(header.refcountTableOffset()).putInt(header.refcountTableClusters());
    out.putInt(0).putLong(0); // no snapshots
    out.putLong(EXTENDED_L2).putLong(0).putLong(0); // incompatible, compatible, autoclear
    out.putInt(Header.REFCOUNT_ORDER).putInt(HEADER_BYTES);
    UUID id = header.overlay();
    UUID boot = header.madeIn() == null ? NONE : header.madeIn();
    extension(
        out,
        IDENTITY,
        ByteBuffer.allocate(IDENTITY_BYTES)
            .putLong(id.getMostSignificantBits())
            .putLong(id.getLeastSignificantBits())
            .putLong(header.epoch())
            .putLong(boot.getMostSignificantBits())
            .putLong(boot.getLeastSignificantBits())
            .array());
    if (backing.length > 0) {
      extension(out, BACKING_FORMAT, header.backingFormat().getBytes(StandardCharsets.US_ASCII));
    }
    extension(out, 0, new byte[0]);
    if (backing.length > 0) {
      out.putLong(backingFields, out.position()).putInt(backingFields + 8, backing.length);
      out.put(backing);
    }
    return out.flip();
  }

  private static void extension(ByteBuffer out, int type, byte[] content) {
    out.putInt(type).putInt(content.length).put(content);
    out.put(new byte[-content.length & 7]);
  }

  static Header read(HostFile file) throws IOException {
    long fileSize = file.size();
    try (Scratch scratch = Scratch.take()) {
      ByteBuffer in = scratch.bytes((int) Math.min(fileSize, Limits.MAX_HEADER_BYTES));
      file.read(0, in);
      return decode(in.flip(), fileSize);
    }
  }

  /** Reads a header from the first bytes of a file of {@code fileSize} bytes. */
  static Header decode(ByteBuffer in, long fileSize) throws FormatException {
    if (in.limit() < HEADER_BYTES) {
      throw new FormatException("the file ends inside its header, at offset " + in.limit());
    }
    check(in.getInt(0) == MAGIC, 0, "no qcow2 magic number");
    check(in.getInt(4) == VERSION, 4, "qcow2 version %d, not 3".formatted(in.getInt(4)));
    features(in.getLong(72));
    int clusterBits = in.getInt(20);
    check(
        clusterBits >= SMALLEST_CLUSTER_BITS && clusterBits <= LARGEST_CLUSTER_BITS,
        20,
        "clusters of 2^%d bytes, not 2^%d to 2^%d"
            .formatted(clusterBits, SMALLEST_CLUSTER_BITS, LARGEST_CLUSTER_BITS));
    long size = in.getLong(24);
    check(
        size > 0 && size <= Limits.MAX_DISK_BYTES && size % 512 == 0,
        24,
        "a disk of %d bytes".formatted(size));
    check(in.getInt(32) == 0, 32, "encryption method %d".formatted(in.getInt(32)));
    check(
        in.getInt(60) == 0,
        60,
        "%d internal snapshots; overlays have none".formatted(in.getInt(60)));
    check(
        in.getInt(96) == Header.REFCOUNT_ORDER,
        96,
        "refcounts of order %d".formatted(in.getInt(96)));
    int headerBytes = in.getInt(100);
    check(
        headerBytes >= HEADER_BYTES && headerBytes % 8 == 0 && headerBytes <= in.limit(),
        100,
        "a header of %d bytes".formatted(headerBytes));
    int firstCluster = Math.min(in.limit(), 1 << clusterBits);
    int identity = extensions(in, headerBytes, firstCluster);
    UUID boot =
        in.getInt(identity - 4) == DURABLE_IDENTITY_BYTES
            ? NONE
            : new UUID(in.getLong(identity + 24), in.getLong(identity + 32));
    Header header =
        new Header(
            clusterBits,
            size,
            backingName(in, firstCluster),
            new UUID(in.getLong(identity), in.getLong(identity + 8)),
            in.getLong(identity + 16),
            identity + 16,
            in.getInt(36),
            in.getLong(40),
            in.getInt(56),
            in.getLong(48),
            boot.equals(NONE) ? null : boot);
    tables(header, fileSize);
    return header;
  }

  private static void features(long incompatible) throws FormatException {
    check((incompatible & DIRTY) == 0, 72, "marked dirty: run qemu-img check -r leaks on it");
    check((incompatible & CORRUPT) == 0, 72, "marked corrupt by another program");
    check((incompatible & EXTERNAL_DATA) == 0, 72, "an external data file");
    check(
        (incompatible & EXTENDED_L2) != 0,
        72,
        "no sub-clusters: made by an older pre-release; reset the client to make it anew");
    check(
        incompatible == EXTENDED_L2,
        72,
        "unknown incompatible features %#x".formatted(incompatible));
  }

  private static void tables(Header header, long fileSize) throws FormatException {
    long needed = Header.ceilDiv(header.guestClusters(), header.l2Entries());
    check(
        header.l1Entries() >= needed && header.l1Entries() <= Limits.MAX_L1_BYTES / Long.BYTES,
        36,
        "an L1 table of %d entries where the disk needs %d".formatted(header.l1Entries(), needed));
    place("the L1 table", 40, header.l1Offset(), 8L * header.l1Entries(), header, fileSize);
    long tableBytes = header.refcountTableClusters() * header.clusterBytes();
    check(
        tableBytes > 0 && tableBytes <= Limits.MAX_REFCOUNT_TABLE_BYTES,
        56,
        "a refcount table of %d clusters".formatted(header.refcountTableClusters()));
    place("the refcount table", 48, header.refcountTableOffset(), tableBytes, header, fileSize);
  }

  private static void place(
      String what, int field, long offset, long length, Header header, long fileSize)
      throws FormatException {
    check(
        offset >= header.clusterBytes() && offset % header.clusterBytes() == 0,
        field,
        "%s at %d, which is no cluster behind the header".formatted(what, offset));
    check(
        offset <= fileSize - length,
        field,
        "%s of %d bytes at %d reaches beyond the file's %d bytes"
            .formatted(what, length, offset, fileSize));
  }

  /**
   * Finds where our identity stands among the extensions; each step moves on, so it ends with the
   * cluster.
   */
  private static int extensions(ByteBuffer in, int start, int end) throws FormatException {
    int identity = 0;
    int at = start;
    while (at <= end - 8) {
      int type = in.getInt(at);
      int length = in.getInt(at + 4);
      if (type == 0) {
        break;
      }
      check(
          length >= 0 && length <= end - at - 8,
          at + 4,
          "a header extension of %d bytes".formatted(Integer.toUnsignedLong(length)));
      if (type == IDENTITY) {
        check(
            length == IDENTITY_BYTES || length == DURABLE_IDENTITY_BYTES,
            at + 4,
            "an overlay identity of %d bytes".formatted(length));
        identity = at + 8;
      } else if (type == BACKING_FORMAT) {
        String format = text(in, at + 8, length, at + 8);
        check(
            format.equals("raw") || format.equals("qcow2"),
            at + 8,
            "a backing file that is neither raw nor qcow2");
      }
      at += 8 + (length + 7 & ~7);
    }
    if (identity == 0) {
      throw new FormatException(
          "no overlay identity among the header extensions from offset " + start);
    }
    return identity;
  }

  private static String backingName(ByteBuffer in, int firstCluster) throws FormatException {
    long offset = in.getLong(8);
    int length = in.getInt(16);
    if (offset == 0) {
      check(length == 0, 8, "a backing file's name without a place");
      return "";
    }
    check(
        length > 0 && length <= Limits.MAX_BACKING_NAME_BYTES,
        16,
        "a backing file's name of %d bytes".formatted(Integer.toUnsignedLong(length)));
    check(
        offset >= HEADER_BYTES && offset <= firstCluster - length,
        8,
        "a backing file's name at %d, outside the first cluster".formatted(offset));
    return text(in, (int) offset, length, 8);
  }

  private static String text(ByteBuffer in, int at, int length, int field) throws FormatException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(in.slice(at, length)).toString();
    } catch (CharacterCodingException bad) {
      throw new FormatException("offset " + field + ": a name that is no UTF-8");
    }
  }

  private static void check(boolean right, int offset, String wrong) throws FormatException {
    if (!right) {
      throw new FormatException("offset " + offset + ": " + wrong);
    }
  }
}
