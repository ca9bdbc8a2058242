// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** What a partition holds, by the marks that blkid goes by too. */
enum FileSystem {
  EXT("ext4", 1080, "S\u00EF"),
  XFS("XFS", 0, "XFSB"),
  BTRFS("btrfs", 65_600, "_BHRfS_M"),
  LVM("LVM", 512, "LABELONE"),
  LUKS("LUKS", 0, "LUKS\u00BA\u00BE"),
  NTFS("NTFS", 3, "NTFS    "),
  FAT12_16("FAT", 54, "FAT"),
  FAT32("FAT", 82, "FAT32"),
  SWAP("swap space", 4086, "SWAPSPACE2"),
  UNKNOWN("something unknown", 0, "");

  private final String text;
  private final int offset;

  /** Bytes, as the characters up to 255. */
  private final String mark;

  FileSystem(String text, int offset, String mark) {
    this.text = text;
    this.offset = offset;
    this.mark = mark;
  }

  /** Whether it could hold an operating system's settings, so that not looking has to be said. */
  boolean matters() {
    return this != FAT12_16 && this != FAT32 && this != SWAP;
  }

  String text() {
    return text;
  }

  static FileSystem of(GuestDisk disk, Partition partition) throws IOException {
    for (FileSystem candidate : values()) {
      byte[] mark = candidate.mark.getBytes(StandardCharsets.ISO_8859_1);
      if (candidate.offset + mark.length <= partition.length()) {
        byte[] found = new byte[mark.length];
        ByteBuffer read = disk.read(partition.offset() + candidate.offset, mark.length);
        read.get(found);
        if (Arrays.equals(mark, found)) {
          return candidate;
        }
      }
    }
    return UNKNOWN;
  }
}
