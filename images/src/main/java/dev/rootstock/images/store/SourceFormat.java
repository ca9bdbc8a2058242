// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Image files that are not raw, and how they show it: taken for raw, none of them would boot. */
enum SourceFormat {
  QCOW2("a qcow2 image", "QFI\u00fb", 0, true),
  VHDX("a VHDX image", "vhdxfile", 0, true),
  VMDK("a VMDK image", "KDMV", 0, true),
  VMDK_DESCRIPTOR("a VMDK image", "# Disk DescriptorFile", 0, true),
  VDI("a VDI image", "\u007f\u0010\u00da\u00be", 0x40, true),
  VHD("a VHD image", "conectix", 0, true),
  /** A fixed VHD is raw but for its footer, in the last 512 bytes. */
  VHD_FIXED("a VHD image", "conectix", -512, true),
  GZIP("compressed with gzip", "\u001f\u008b", 0, false),
  XZ("compressed with xz", "\u00fd7zXZ", 0, false),
  ZSTD("compressed with zstd", "(\u00b5/\u00fd", 0, false);

  private final String what;
  private final String magic;
  private final int at;
  private final boolean disk;

  SourceFormat(String what, String magic, int at, boolean disk) {
    this.what = what;
    this.magic = magic;
    this.at = at;
    this.disk = disk;
  }

  /** Looks at the places where formats leave their marks; empty when the file may be raw. */
  static Optional<SourceFormat> of(FileChannel file) throws IOException {
    for (SourceFormat format : values()) {
      if (format.marks(file)) {
        return Optional.of(format);
      }
    }
    return Optional.empty();
  }

  private boolean marks(FileChannel file) throws IOException {
    long from = at >= 0 ? at : file.size() + at;
    byte[] mark = magic.getBytes(StandardCharsets.ISO_8859_1);
    ByteBuffer found = ByteBuffer.allocate(mark.length);
    while (from >= 0 && found.hasRemaining()) {
      if (file.read(found, from + found.position()) < 0) {
        return false;
      }
    }
    return from >= 0 && found.flip().equals(ByteBuffer.wrap(mark));
  }

  /** What it is and what to do, to follow the file's name in a message. */
  String advice(String file) {
    return disk
        ? "is %s, not raw; convert it first: qemu-img convert -O raw %s %s.raw"
            .formatted(what, file, file)
        : "is %s; decompress it first and import the result".formatted(what);
  }
}
