// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.block;

/**
 * The shape of a disk.
 *
 * @param sizeBytes capacity in bytes, a positive multiple of {@code logicalBlockBytes}
 * @param logicalBlockBytes the smallest unit of reading and writing, 512 or 4096 bytes
 * @param physicalBlockBytes the unit below which a write has to read first, in bytes
 * @param readOnly whether every write and discard is refused
 */
public record Geometry(
    long sizeBytes, int logicalBlockBytes, int physicalBlockBytes, boolean readOnly) {

  public Geometry {
    if (logicalBlockBytes != 512 && logicalBlockBytes != 4096) {
      throw new IllegalArgumentException("logical block of " + logicalBlockBytes + " bytes");
    }
    if (sizeBytes <= 0 || sizeBytes % logicalBlockBytes != 0) {
      throw new IllegalArgumentException(
          sizeBytes + " bytes are no multiple of the logical block of " + logicalBlockBytes);
    }
    if (physicalBlockBytes < logicalBlockBytes
        || Integer.bitCount(physicalBlockBytes / logicalBlockBytes) != 1
        || physicalBlockBytes % logicalBlockBytes != 0) {
      throw new IllegalArgumentException("physical block of " + physicalBlockBytes + " bytes");
    }
  }

  /** Capacity in logical blocks. */
  public long blocks() {
    return sizeBytes / logicalBlockBytes;
  }

  /**
   * Refuses a range that is not whole logical blocks inside the disk.
   *
   * @throws IllegalArgumentException naming the range; never for offsets and lengths that the
   *     caller has checked
   */
  public void check(long offset, long length) {
    if (offset < 0
        || length < 0
        || offset % logicalBlockBytes != 0
        || length % logicalBlockBytes != 0
        || offset > sizeBytes - length) {
      throw new IllegalArgumentException(
          "range of %d bytes at %d on a disk of %d bytes".formatted(length, offset, sizeBytes));
    }
  }
}
