// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.guest;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What a file is.
 *
 * @param bytes its first 128 bytes on the disk, little-endian
 */
record Ext4Inode(ByteBuffer bytes) {
  private static final int MAP = 0x28;
  private static final int MAP_BYTES = 60;
  private static final int EXTENTS = 0x80000;
  private static final int INLINE = 0x10000000;

  private int type() {
    return bytes.getShort(0) & 0xF000;
  }

  boolean isFolder() {
    return type() == 0x4000;
  }

  boolean isRegular() {
    return type() == 0x8000;
  }

  boolean isLink() {
    return type() == 0xA000;
  }

  /** In bytes; negative above what a long holds, which is what {@link Ext4} refuses. */
  long size() {
    long size = Integer.toUnsignedLong(bytes.getInt(4));
    return isLink() ? size : size | Integer.toUnsignedLong(bytes.getInt(0x6C)) << 32;
  }

  boolean hasExtents() {
    return (bytes.getInt(0x20) & EXTENTS) != 0;
  }

  boolean isInline() {
    return (bytes.getInt(0x20) & INLINE) != 0;
  }

  /** Whether a link's target stands where others have the map of their blocks. */
  boolean isShortLink() {
    return size() < MAP_BYTES && !hasExtents();
  }

  byte[] inPlace() {
    byte[] target = new byte[(int) size()];
    bytes.get(MAP, target);
    return target;
  }

  ByteBuffer map() {
    return bytes.slice(MAP, MAP_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  }
}
