// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.golden.ImageFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Our own look at an image before qemu-img opens it: nothing that it names may be opened, so what
 * needs another file (a parent, an extent) is refused here.
 *
 * <p>VHD: "Virtual Hard Disk Image Format Specification", footer. VDI: the pre-header and header of
 * version 1.1. VMDK: "Virtual Disk Format 5.0", sparse extent header and descriptor. Of VHDX QEMU
 * itself refuses those with a parent.
 */
final class ForeignHeaders {
  /** Where QEMU's VMDK driver reads the descriptor of a sparse extent, and how much of it. */
  private static final int VMDK_DESCRIPTOR_AT = 512;

  private static final int VMDK_DESCRIPTOR_BYTES = 20 * 512;

  private ForeignHeaders() {}

  static void check(Path file, FileChannel channel, SourceFormat format)
      throws StoreException, IOException {
    try {
      switch (format) {
        case VHD -> vhd(channel);
        case VDI -> vdi(channel);
        case VMDK -> vmdk(channel);
        case VHDX -> size(channel, 0);
        case RAW, QCOW2, GZ, XZ, ZST -> throw new IllegalArgumentException(format.text());
      }
    } catch (ImageFormatException wrong) {
      throw DiskSources.invalid(file + ": " + wrong.getMessage());
    }
  }

  private static void vhd(FileChannel channel) throws IOException {
    long footer = channel.size() - 512;
    ByteBuffer in = read(channel, Math.max(0, footer), 512);
    if (in.getLong(0) != 0x636f6e6563746978L) { // "conectix"
      in = read(channel, 0, 512);
      footer = 0;
    }
    int type = in.getInt(60);
    check(type != 4, footer + 60, "a differencing VHD, which needs its parent: merge them first");
    check(type == 2 || type == 3, footer + 60, "a VHD of the unknown type " + type);
    size(channel, in.getLong(48));
  }

  private static void vdi(FileChannel channel) throws IOException {
    ByteBuffer in = read(channel, 0, 512).order(ByteOrder.LITTLE_ENDIAN);
    int type = in.getInt(0x4c);
    check(
        type == 1 || type == 2,
        0x4c,
        "a VDI of type " + type + ", which needs its parent: clone it to a whole image first");
    long block = Integer.toUnsignedLong(in.getInt(0x178));
    long blocks = Integer.toUnsignedLong(in.getInt(0x184));
    long behind = channel.size() - Integer.toUnsignedLong(in.getInt(0x158));
    check(
        blocks == 0 || (behind >= 0 && blocks <= behind / Math.max(1, block)),
        0x184,
        "a VDI of %d blocks of %d bytes, which the file does not hold: it is cut off; copy it again"
            .formatted(blocks, block));
    size(channel, in.getLong(0x170));
  }

  private static void vmdk(FileChannel channel) throws IOException {
    check(
        read(channel, 0, 4).getInt(0) == 0x4b444d56, // "KDMV"
        0,
        "a VMDK whose data stand in other files (or one of before 2004): make one file of it with"
            + " qemu-img convert");
    ByteBuffer in = read(channel, 0, 512).order(ByteOrder.LITTLE_ENDIAN);
    long sectors = in.getLong(12);
    check(sectors > 0, 12, "a VMDK that only names other files: make one file of it first");
    check(sectors <= Limits.MAX_DISK_BYTES / 512, 12, "a disk of more than 64 TiB");
    long descriptor = in.getLong(28);
    long length = in.getLong(36);
    // QEMU looks for a parent where it writes descriptors itself, whatever the header says.
    noParent(channel, VMDK_DESCRIPTOR_AT, VMDK_DESCRIPTOR_BYTES);
    if (descriptor == 0) {
      return;
    }
    check(
        descriptor > 0 && descriptor <= channel.size() / 512,
        28,
        "its descriptor lies outside the file");
    check(
        length >= 0 && length <= Limits.MAX_VMDK_DESCRIPTOR_BYTES / 512,
        36,
        "a descriptor of " + length + " sectors");
    noParent(channel, descriptor * 512, length * 512);
  }

  private static void noParent(FileChannel channel, long at, long length) throws IOException {
    int bytes = (int) Math.clamp(channel.size() - at, 0, length);
    String text =
        StandardCharsets.ISO_8859_1
            .decode(read(channel, at, bytes))
            .toString()
            .toLowerCase(Locale.ROOT);
    check(
        !text.contains("parentfilenamehint"),
        at,
        "a VMDK that stands on another one: merge them first");
  }

  private static void size(FileChannel channel, long bytes) throws IOException {
    check(
        bytes >= 0 && bytes <= Limits.MAX_DISK_BYTES && channel.size() >= 512,
        0,
        "a disk of " + Long.toUnsignedString(bytes) + " bytes; the largest is 64 TiB");
  }

  private static void check(boolean right, long offset, String wrong) throws ImageFormatException {
    if (!right) {
      throw new ImageFormatException("offset " + offset + ": " + wrong);
    }
  }

  private static ByteBuffer read(FileChannel channel, long at, int bytes) throws IOException {
    ByteBuffer in = ByteBuffer.allocate(bytes);
    while (in.hasRemaining()) {
      if (channel.read(in, at + in.position()) < 0) {
        throw new ImageFormatException("the file ends inside its header, at " + channel.size());
      }
    }
    return in.flip();
  }
}
