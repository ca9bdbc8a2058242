// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32;

/**
 * A GUID partition table (UEFI 2.10 §5.3) with a protective MBR (§5.2.3) and its copy at the end of
 * the disk. Identifiers are derived from names, so that the same layout gives the same bytes.
 */
final class PartitionTable {
  static final int SECTOR = 512;

  /** Where the first partition may begin: table and alignment end at 1 MiB, as is usual. */
  static final long FIRST_SECTOR = 2048;

  private static final int ENTRIES = 128;
  private static final int ENTRY_BYTES = 128;
  private static final int ENTRY_SECTORS = ENTRIES * ENTRY_BYTES / SECTOR;
  private static final int HEADER_BYTES = 92;
  private static final int MBR_ENTRY = 446;

  /** What a partition is for. */
  enum Kind {
    BIOS_BOOT("21686148-6449-6E6F-744E-656564454649"),
    EFI_SYSTEM("C12A7328-F81F-11D2-BA4B-00A0C93EC93B"),
    LINUX("0FC63DAF-8483-4772-8E79-3D69D8477DE4");

    private final UUID type;

    Kind(String type) {
      this.type = UUID.fromString(type);
    }
  }

  /**
   * One partition.
   *
   * @param first its first sector
   * @param sectors its length in sectors
   */
  record Partition(String name, Kind kind, long first, long sectors) {
    long offset() {
      return first * SECTOR;
    }

    long bytes() {
      return sectors * SECTOR;
    }
  }

  private final List<Partition> partitions;
  private final long diskSectors;

  PartitionTable(long diskSectors, List<Partition> partitions) {
    this.diskSectors = diskSectors;
    this.partitions = partitions;
  }

  /** Sectors that the table's copy takes at the end of the disk. */
  static long tailSectors() {
    return ENTRY_SECTORS + 1;
  }

  /** Writes both tables, and the protective MBR's partition entry beside any boot code there. */
  void writeTo(FileChannel disk) throws IOException {
    long last = diskSectors - 1;
    ByteBuffer entries = entries();
    disk.write(protectiveEntry(), MBR_ENTRY);
    disk.write(header(1, last, 2, entries), SECTOR);
    disk.write(entries.duplicate(), 2L * SECTOR);
    disk.write(entries.duplicate(), (last - ENTRY_SECTORS) * SECTOR);
    disk.write(header(last, 1, last - ENTRY_SECTORS, entries), last * SECTOR);
  }

  private ByteBuffer protectiveEntry() {
    var mbr = littleEndian(SECTOR - MBR_ENTRY);
    mbr.put(new byte[] {0, 0, 2, 0, (byte) 0xEE, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF});
    mbr.putInt(1).putInt((int) Math.min(diskSectors - 1, 0xFFFFFFFFL));
    mbr.position(64).put((byte) 0x55).put((byte) 0xAA);
    return mbr.position(0);
  }

  private ByteBuffer entries() {
    var entries = littleEndian(ENTRIES * ENTRY_BYTES);
    for (int i = 0; i < partitions.size(); i++) {
      Partition p = partitions.get(i);
      entries.position(i * ENTRY_BYTES);
      putGuid(entries, p.kind().type);
      putGuid(entries, identifier(p.name()));
      entries.putLong(p.first()).putLong(p.first() + p.sectors() - 1).putLong(0);
      entries.put(p.name().getBytes(StandardCharsets.UTF_16LE));
    }
    return entries.position(0).limit(ENTRIES * ENTRY_BYTES);
  }

  private ByteBuffer header(long at, long other, long entriesAt, ByteBuffer entries) {
    var header = littleEndian(SECTOR);
    header.put("EFI PART".getBytes(StandardCharsets.US_ASCII));
    header.putInt(0x00010000).putInt(HEADER_BYTES).putInt(0).putInt(0);
    header.putLong(at).putLong(other);
    header.putLong(2 + ENTRY_SECTORS).putLong(diskSectors - tailSectors() - 1);
    putGuid(header, identifier("disk"));
    header.putLong(entriesAt).putInt(ENTRIES).putInt(ENTRY_BYTES).putInt(crc(entries.duplicate()));
    header.putInt(16, crc(header.duplicate().flip()));
    return header.position(0).limit(SECTOR);
  }

  private static UUID identifier(String name) {
    return UUID.nameUUIDFromBytes(("rootstock " + name).getBytes(StandardCharsets.UTF_8));
  }

  /** The first three fields of a GUID are little-endian on disk (UEFI 2.10, appendix A). */
  private static void putGuid(ByteBuffer into, UUID guid) {
    long high = guid.getMostSignificantBits();
    into.putInt((int) (high >>> 32)).putShort((short) (high >>> 16)).putShort((short) high);
    into.putLong(Long.reverseBytes(guid.getLeastSignificantBits()));
  }

  private static int crc(ByteBuffer bytes) {
    var crc = new CRC32();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  private static ByteBuffer littleEndian(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
