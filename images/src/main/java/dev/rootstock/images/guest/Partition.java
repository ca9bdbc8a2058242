// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.guest;

import static dev.rootstock.images.guest.GuestFormatException.check;

import dev.rootstock.images.Limits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A stretch of a disk that may hold a file system.
 *
 * @param name as people call it, {@code partition 2}
 */
record Partition(String name, long offset, long length) {
  private static final int TABLE = 446;
  private static final int ENTRY = 16;
  private static final int EXTENDED = 0x05;
  private static final int EXTENDED_LBA = 0x0F;
  private static final int PROTECTIVE = 0xEE;
  private static final int GPT_ENTRY = 128;

  /** Those that a disk has; the disk itself where it has no table. */
  static List<Partition> of(GuestDisk disk) throws IOException {
    Partition whole = new Partition("the disk", 0, disk.size());
    if (disk.size() < 2L * disk.sectorBytes() || FileSystem.of(disk, whole) != FileSystem.UNKNOWN) {
      return List.of(whole);
    }
    ByteBuffer sector = disk.read(0, 512);
    if ((sector.getShort(510) & 0xFFFF) != 0xAA55) {
      return List.of(whole);
    }
    List<Partition> found = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      int at = TABLE + i * ENTRY;
      int type = sector.get(at + 4) & 0xFF;
      long first = Integer.toUnsignedLong(sector.getInt(at + 8));
      long count = Integer.toUnsignedLong(sector.getInt(at + 12));
      if (type == PROTECTIVE) {
        return gpt(disk);
      }
      if (type == EXTENDED || type == EXTENDED_LBA) {
        found.add(new Partition("the logical partitions in partition " + (i + 1), 0, 0));
      } else if (type != 0 && count > 0) {
        found.add(inside(disk, i + 1, first, count));
      }
    }
    return found.isEmpty() ? List.of(whole) : found;
  }

  /** UEFI Specification §5.3. */
  private static List<Partition> gpt(GuestDisk disk) throws IOException {
    ByteBuffer header = disk.read(disk.sectorBytes(), 92);
    byte[] signature = new byte[8];
    header.get(0, signature);
    check(
        new String(signature, StandardCharsets.ISO_8859_1).equals("EFI PART"),
        () -> "a GPT is announced, and there is none");
    long table = header.getLong(72);
    int count = header.getInt(80);
    int size = header.getInt(84);
    check(
        count >= 0 && count <= Limits.GUEST_PARTITIONS && size == GPT_ENTRY && table > 0,
        () -> "a GPT of %d entries of %d bytes at %d".formatted(count, size, table));
    check(table <= disk.size() / disk.sectorBytes(), () -> "a GPT at sector %d".formatted(table));
    List<Partition> found = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ByteBuffer entry = disk.read(table * disk.sectorBytes() + (long) i * size, size);
      if (entry.getLong(0) != 0 || entry.getLong(8) != 0) {
        long first = entry.getLong(32);
        found.add(inside(disk, i + 1, first, entry.getLong(40) - first + 1));
      }
    }
    return found;
  }

  private static Partition inside(GuestDisk disk, int number, long first, long count)
      throws GuestFormatException {
    long sectors = disk.size() / disk.sectorBytes();
    check(
        first > 0 && count > 0 && first < sectors && count <= sectors - first,
        () ->
            "partition %d lies outside the disk: %d sectors from %d"
                .formatted(number, count, first));
    return new Partition(
        "partition " + number, first * disk.sectorBytes(), count * disk.sectorBytes());
  }
}
