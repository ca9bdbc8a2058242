// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.testing.MemoryFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class DamagedImageTest {
  private static final int CLUSTER = 512;
  private static final int DISK = 64 * CLUSTER;
  private static final int L1 = CLUSTER;
  private static final int L2 = 2 * CLUSTER;
  private static final int DATA = 3 * CLUSTER;

  @TempDir Path folder;

  /** Header, L1 table, L2 table, two clusters of data, a refcount table that nobody reads. */
  static ByteBuffer whole() {
    ByteBuffer file = ByteBuffer.allocate(6 * CLUSTER);
    file.putInt(0, Qcow2HeaderReader.MAGIC).putInt(4, 3).putInt(20, 9).putLong(24, DISK);
    file.putInt(36, 1).putLong(40, L1).putLong(48, 5 * CLUSTER).putInt(56, 1);
    file.putInt(96, 4).putInt(100, 104);
    file.putLong(L1, L2 | 1L << 63);
    file.putLong(L2, DATA | 1L << 63).putLong(L2 + 8, 1).putLong(L2 + 16, (DATA + 512) | 1L << 63);
    for (int i = DATA; i < DATA + 2 * CLUSTER; i++) {
      file.put(i, (byte) i);
    }
    return file;
  }

  /** Opens, checks and reads all of it. */
  static void use(ByteBuffer content) throws IOException {
    MemoryFile file = new MemoryFile(bytes(content));
    try (Qcow2Image image = Qcow2Image.over(file, new MapCache(1 << 20), null)) {
      image.checkTables();
      ByteBuffer piece = ByteBuffer.allocate(4096);
      for (long at = 0; at < Math.min(image.size(), 1 << 20); at += 4096) {
        image.read(at, piece.clear());
      }
    }
  }

  private static byte[] bytes(ByteBuffer content) {
    byte[] bytes = new byte[content.capacity()];
    content.duplicate().clear().get(bytes);
    return bytes;
  }

  @Test
  void wholeImageIsRead() throws Exception {
    use(whole());
  }

  static Stream<Arguments> damages() {
    return Stream.of(
        damage("offset 0: no qcow2 magic", file -> file.put(0, (byte) 'X')),
        damage("offset 4: qcow2 version 4", file -> file.putInt(4, 4)),
        damage(
            "offset 8: a backing file's name at 511", file -> file.putLong(8, 511).putInt(16, 9)),
        damage(
            "offset 16: a backing file's name of 4294967295 bytes",
            file -> file.putLong(8, 200).putInt(16, -1)),
        damage("offset 20: clusters of 2^8", file -> file.putInt(20, 8)),
        damage("offset 20: clusters of 2^22", file -> file.putInt(20, 22)),
        damage("offset 20: clusters of 2^9 bytes, not 2^14", file -> file.putLong(72, 16)),
        damage("offset 24: a disk of 0 bytes", file -> file.putLong(24, 0)),
        damage("offset 24: a disk of 18446744073709551104 bytes", file -> file.putLong(24, -512)),
        damage("offset 24: a disk of 513 bytes", file -> file.putLong(24, 513)),
        damage("offset 32: it is encrypted (method 2)", file -> file.putInt(32, 2)),
        damage("offset 36: an L1 table of 0 entries", file -> file.putInt(36, 0)),
        damage("offset 36: an L1 table of 4294967295 entries", file -> file.putInt(36, -1)),
        damage(
            "offset 36: an L1 table of 1 entries where the disk needs 1048576",
            file -> file.putLong(24, 32L << 30)),
        damage("offset 40: the L1 table", file -> file.putLong(40, 1 << 30)),
        damage("offset 40: the L1 table", file -> file.putLong(40, -512)),
        damage("offset 40: the L1 table", file -> file.putLong(40, 520)),
        damage("offset 72: QEMU has marked it corrupt", file -> file.putLong(72, 2)),
        damage("offset 72: its data stand in another file", file -> file.putLong(72, 4)),
        damage("offset 72: unknown incompatible features 0x80", file -> file.putLong(72, 0x80)),
        damage("offset 100: a header of 96 bytes", file -> file.putInt(100, 96)),
        damage("offset 100: a header of 1024 bytes", file -> file.putInt(100, 1024)),
        damage(
            "offset 104: compression type 1 against",
            file -> file.putInt(100, 112).put(104, (byte) 1)),
        damage(
            "offset 104: unknown compression type 9",
            file -> file.putInt(100, 112).put(104, (byte) 9).putLong(72, 8)),
        damage(
            "offset 108: a header extension of 4294967295 bytes",
            file -> file.putInt(104, 1).putInt(108, -1)),
        damage("offset 512: L1 entry", file -> file.putLong(L1, 1 << 20)),
        damage("offset 512: L1 entry 0x401 has reserved bits", file -> file.putLong(L1, L2 | 1)),
        damage("offset 512: an L2 table at 512 overlaps", file -> file.putLong(L1, L1)),
        damage("offset 1024: L2 entry", file -> file.putLong(L2, 1 << 20)),
        damage("offset 1024: L2 entry 0x2 has reserved bits", file -> file.putLong(L2, 2)),
        damage("offset 1024: a cluster at 512 overlaps", file -> file.putLong(L2, L1)),
        damage("offset 1024: a cluster at 1024 overlaps", file -> file.putLong(L2, L2)),
        damage("offset 1040: a cluster at 1536 overlaps", file -> file.putLong(L2 + 16, DATA)),
        damage("offset 48: the refcount table at 512 overlaps", file -> file.putLong(48, 512)),
        damage(
            "offset 1024: L2 entry 0x4000000000100000 names a compressed cluster",
            file -> file.putLong(L2, 1L << 62 | 1 << 20)),
        damage("offset 1536: a compressed cluster", file -> file.putLong(L2, 1L << 62 | DATA)),
        damage("offset 1032: L2 entry 0x1 marks zeros here", file -> file.putInt(4, 2)));
  }

  private static Arguments damage(String message, Consumer<ByteBuffer> how) {
    return Arguments.of(message, how);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("damages")
  void damageIsRefusedNamingTheOffset(String message, Consumer<ByteBuffer> how) {
    ByteBuffer file = whole();
    how.accept(file);
    ImageFormatException refusal = assertThrows(ImageFormatException.class, () -> use(file));
    String said = String.valueOf(refusal.getMessage());
    assertTrue(said.startsWith(message), said);
  }

  @Test
  void dirtyImageIsReadForItsRefcountsAreNotNeeded() throws Exception {
    ByteBuffer file = whole();
    file.putLong(72, 1);
    use(file);
  }

  @Test
  void fileThatEndsInItsHeaderIsRefused() {
    ImageFormatException refusal =
        assertThrows(
            ImageFormatException.class,
            () -> Qcow2HeaderReader.decode(ByteBuffer.wrap(bytes(whole()), 0, 80).slice(), 80));
    assertEquals("offset 80: the file ends inside its header", refusal.getMessage());
  }

  private Path image(String name, String backing, String format) throws IOException {
    ByteBuffer file = whole();
    byte[] text = backing.getBytes(StandardCharsets.UTF_8);
    int at = 104;
    if (!format.isEmpty()) {
      file.putInt(at, 0xe2792aca).putInt(at + 4, format.length());
      file.put(at + 8, format.getBytes(StandardCharsets.US_ASCII));
      at += 16;
    }
    file.putLong(8, at + 8).putInt(16, text.length).put(at + 8, text);
    return Files.write(folder.resolve(name), bytes(file));
  }

  private void refusedChain(String message, Path file) {
    ImageFormatException refusal =
        assertThrows(ImageFormatException.class, () -> ImageChain.open(file, HostFiles::open));
    assertTrue(String.valueOf(refusal.getMessage()).contains(message), refusal.getMessage());
  }

  @Test
  void loopOfBackingFilesIsRefused() throws Exception {
    image("a", "b", "qcow2");
    image("b", "a", "qcow2");
    refusedChain("/a stands below itself", folder.resolve("a"));
    refusedChain("/c stands below itself", image("c", "c", "qcow2"));
  }

  @Test
  void backingFileOutsideTheFolderIsRefused() throws Exception {
    Path inner = Files.createDirectory(folder.resolve("inner"));
    Files.write(folder.resolve("secret"), new byte[512]);
    for (String name : new String[] {"../secret", folder.resolve("secret").toString()}) {
      Path top = image("top", name, "raw");
      Path moved = Files.move(top, inner.resolve("top"));
      refusedChain("outside the folder of what is imported", moved);
      Files.delete(moved);
    }
    Files.createSymbolicLink(inner.resolve("link"), folder.resolve("secret"));
    Path linked = Files.move(image("top", "link", "raw"), inner.resolve("top"));
    refusedChain("outside the folder", linked);
  }

  @Test
  void backingNamesThatAreNoFilesAreRefused() throws Exception {
    for (String name : new String[] {"nbd:127.0.0.1:1", "json:{}", "missing", "fat:.", "a\0b"}) {
      refusedChain("which is no file in", image("top", name, "raw"));
    }
    refusedChain("outside the folder", image("top", ".", "raw"));
  }

  @Test
  void backingFileWithoutItsFormatIsNotGuessedAt() throws Exception {
    image("base", "x", "raw");
    refusedChain("without saying in which format", image("top", "base", ""));
    refusedChain("in the format vmdk", image("top", "base", "vmdk"));
  }

  @Test
  void longChainIsRefused() throws Exception {
    for (int i = 0; i < 70; i++) {
      image("c" + i, "c" + (i + 1), "qcow2");
    }
    Files.write(folder.resolve("c70"), bytes(whole()));
    refusedChain("more than 64 files below it", folder.resolve("c0"));
    ImageChain.open(folder.resolve("c20"), HostFiles::open).close();
  }
}
