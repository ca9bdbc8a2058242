// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Disks as guests leave them: file systems that mke2fs fills from a folder, and tables around. */
final class GuestImage {
  static final int SECTOR = 512;
  private static final int FIRST = 64;

  private GuestImage() {}

  /** A file system of 8 MiB that holds a folder's content. */
  static byte[] ext(Path folder, Path work, String... options) throws Exception {
    Path image = Files.createTempFile(work, "ext", ".img");
    Files.delete(image);
    List<String> command = new ArrayList<>(List.of("mke2fs", "-q", "-F"));
    command.addAll(List.of(options));
    command.addAll(List.of("-d", folder.toString(), image.toString(), "8M"));
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException missing) {
      throw new AssertionError("mke2fs is missing: apt-get install -y e2fsprogs", missing);
    }
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), said);
    return Files.readAllBytes(image);
  }

  static MemoryBlockDevice disk(byte[] content) {
    MemoryBlockDevice device =
        new MemoryBlockDevice(Math.max(1, Math.ceilDiv(content.length, SECTOR)) * (long) SECTOR);
    device.fill(0, content);
    return device;
  }

  /** A disk with a master boot record and one partition. */
  static byte[] mbr(int type, byte[] content) {
    ByteBuffer disk = ByteBuffer.allocate(FIRST * SECTOR + content.length);
    disk.order(ByteOrder.LITTLE_ENDIAN);
    disk.put(446 + 4, (byte) type);
    disk.putInt(446 + 8, FIRST).putInt(446 + 12, content.length / SECTOR);
    disk.putShort(510, (short) 0xAA55);
    disk.put(FIRST * SECTOR, content);
    return disk.array();
  }

  /** A disk with a GUID partition table whose second entry is the one partition. */
  static byte[] gpt(byte[] content) {
    ByteBuffer disk = ByteBuffer.wrap(mbr(0xEE, content)).order(ByteOrder.LITTLE_ENDIAN);
    disk.put(SECTOR, "EFI PART".getBytes(StandardCharsets.US_ASCII));
    disk.putLong(SECTOR + 72, 2).putInt(SECTOR + 80, 128).putInt(SECTOR + 84, 128);
    int entry = 2 * SECTOR + 128;
    disk.putLong(entry, 1).putLong(entry + 8, 1);
    disk.putLong(entry + 32, FIRST).putLong(entry + 40, FIRST + content.length / SECTOR - 1);
    return disk.array();
  }
}
