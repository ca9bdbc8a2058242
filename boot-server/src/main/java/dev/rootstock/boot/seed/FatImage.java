// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.seed;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * A small FAT12 file system with long names (Microsoft's "FAT32 File System Specification" 1.03):
 * boot sector, two FATs, the root folder, and files one after the other, a sector a cluster. There
 * is no clock in it and no chance, so equal files make equal bytes.
 */
final class FatImage {
  static final int SECTOR = 512;

  /** A FAT with more clusters would be read as FAT16. */
  private static final int MOST_CLUSTERS = 4084;

  private static final int FATS = 2;
  private static final int ENTRY = 32;
  private static final int MEDIA = 0xF8;

  /** The disk is a whole number of pages, which no initiator has to read around. */
  private static final int SECTORS_OF_A_PAGE = 8;

  private static final int LABEL = 0x08;
  private static final int READ_ONLY = 0x01;
  private static final int LONG_NAME = 0x0F;
  private static final int LAST_LONG = 0x40;
  private static final int LONG_CHARACTERS = 13;

  /** Where the 13 characters of a long name's entry stand. */
  private static final int[] LONG_AT = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};

  /** The first of January 1980, the day on which FAT begins. */
  private static final short DATE = 0x21;

  private final String label;
  private final Map<String, byte[]> files;
  private final int fatSectors;
  private final int rootSectors;
  private final int sectors;
  private final ByteBuffer image;

  private FatImage(String label, Map<String, byte[]> files) {
    this.label = label;
    this.files = files;
    int clusters = 1 + files.values().stream().mapToInt(FatImage::clusters).sum();
    if (clusters > MOST_CLUSTERS) {
      throw new IllegalArgumentException("too much for such a file system: " + clusters);
    }
    int entries = 1 + files.keySet().stream().mapToInt(name -> 1 + longEntries(name)).sum();
    rootSectors = Math.ceilDiv(entries * ENTRY, SECTOR);
    // Room for the clusters that rounding up to a page may add.
    fatSectors = Math.ceilDiv((clusters + SECTORS_OF_A_PAGE + 2) * 3, 2 * SECTOR);
    sectors =
        Math.ceilDiv(1 + FATS * fatSectors + rootSectors + clusters, SECTORS_OF_A_PAGE)
            * SECTORS_OF_A_PAGE;
    image = ByteBuffer.allocate(sectors * SECTOR).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Makes one.
   *
   * @param label up to 11 upper-case letters
   * @param files what stands in each, by a name of up to 255 ASCII characters
   */
  static byte[] of(String label, Map<String, byte[]> files) {
    FatImage made = new FatImage(label, files);
    made.bootSector();
    made.write();
    return made.image.array();
  }

  private static int clusters(byte[] content) {
    return Math.ceilDiv(content.length, SECTOR);
  }

  private static int longEntries(String name) {
    return Math.ceilDiv(name.length(), LONG_CHARACTERS);
  }

  private void bootSector() {
    image.put(0, new byte[] {(byte) 0xEB, 0x3C, (byte) 0x90});
    image.put(3, "ROOTSTCK".getBytes(StandardCharsets.US_ASCII));
    image.putShort(11, (short) SECTOR);
    image.put(13, (byte) 1); // sectors of a cluster
    image.putShort(14, (short) 1); // sectors before the first FAT
    image.put(16, (byte) FATS);
    image.putShort(17, (short) (rootSectors * SECTOR / ENTRY));
    image.putShort(19, (short) sectors);
    image.put(21, (byte) MEDIA);
    image.putShort(22, (short) fatSectors);
    image.putShort(24, (short) 1); // sectors of a track, and heads: no disk has them, tools divide
    image.putShort(26, (short) 1);
    image.put(36, (byte) 0x80);
    image.put(38, (byte) 0x29); // the three fields that follow are there
    image.putInt(39, serial());
    image.put(43, padded(label));
    image.put(54, "FAT12   ".getBytes(StandardCharsets.US_ASCII));
    image.putShort(510, (short) 0xAA55);
  }

  /** By what the files hold. */
  private int serial() {
    CRC32 crc = new CRC32();
    files.forEach(
        (name, content) -> {
          crc.update(name.getBytes(StandardCharsets.US_ASCII));
          crc.update(content);
        });
    return (int) crc.getValue();
  }

  private void write() {
    link(0, 0xF00 | MEDIA);
    link(1, 0xFFF);
    int root = (1 + FATS * fatSectors) * SECTOR;
    int data = root + rootSectors * SECTOR;
    int at = root;
    image.put(at, padded(label)).put(at + 11, (byte) LABEL).putShort(at + 24, DATE);
    at += ENTRY;
    int cluster = 2;
    int number = 1;
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      byte[] content = file.getValue();
      byte[] shortName = shortName(file.getKey(), number++);
      for (byte[] entry : longName(file.getKey(), shortName)) {
        image.put(at, entry);
        at += ENTRY;
      }
      image.put(at, shortName).put(at + 11, (byte) READ_ONLY);
      image.putShort(at + 16, DATE).putShort(at + 18, DATE).putShort(at + 24, DATE);
      int count = clusters(content);
      image.putShort(at + 26, (short) (count == 0 ? 0 : cluster)).putInt(at + 28, content.length);
      at += ENTRY;
      image.put(data + (cluster - 2) * SECTOR, content);
      for (int i = 0; i < count; i++) {
        link(cluster + i, i == count - 1 ? 0xFFF : cluster + i + 1);
      }
      cluster += count;
    }
  }

  /** Twelve bits for each cluster, in both FATs. */
  private void link(int cluster, int next) {
    for (int fat = 0; fat < FATS; fat++) {
      int at = (1 + fat * fatSectors) * SECTOR + cluster * 3 / 2;
      int both = image.getShort(at) & 0xFFFF;
      int changed = cluster % 2 == 0 ? (both & 0xF000) | next : (both & 0x000F) | (next << 4);
      image.putShort(at, (short) changed);
    }
  }

  /** Blanks behind; 11 bytes. */
  private static byte[] padded(String text) {
    return "%-11s".formatted(text).getBytes(StandardCharsets.US_ASCII);
  }

  /** What a system sees that knows no long names: {@code META-D~1}. The numbers make it unique. */
  private static byte[] shortName(String name, int number) {
    String upper = name.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9-]", "");
    return padded(upper.substring(0, Math.min(6, upper.length())) + "~" + number);
  }

  private static List<byte[]> longName(String name, byte[] shortName) {
    int sum = 0;
    for (byte character : shortName) {
      sum = ((sum & 1) << 7) + (sum >> 1) + character & 0xFF;
    }
    List<byte[]> entries = new ArrayList<>();
    for (int part = longEntries(name); part >= 1; part--) {
      ByteBuffer entry = ByteBuffer.allocate(ENTRY).order(ByteOrder.LITTLE_ENDIAN);
      entry.put(0, (byte) (part | (part == longEntries(name) ? LAST_LONG : 0)));
      entry.put(11, (byte) LONG_NAME).put(13, (byte) sum);
      for (int i = 0; i < LONG_CHARACTERS; i++) {
        int at = (part - 1) * LONG_CHARACTERS + i;
        int character = at < name.length() ? name.charAt(at) : at == name.length() ? 0 : 0xFFFF;
        entry.putShort(LONG_AT[i], (short) character);
      }
      entries.add(entry.array());
    }
    return entries;
  }
}
