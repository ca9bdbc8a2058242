// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.guest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a published disk should not hold, in file systems that mke2fs made. */
class CloneCheckTest {
  @TempDir Path work;
  private Path root;

  @BeforeEach
  void machine() throws Exception {
    root = Files.createDirectory(work.resolve("root"));
    put("etc/hostname", "machine\n");
  }

  private void put(String name, String content) throws Exception {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }

  private void putAll() throws Exception {
    put("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    put("etc/ssh/ssh_host_ed25519_key", "secret");
    put("etc/ssh/ssh_host_rsa_key", "secret");
    put("etc/ssh/ssh_host_rsa_key.pub", "public");
    put("etc/iscsi/initiatorname.iscsi", "## a comment\nInitiatorName=iqn.1993-08.org.debian:1\n");
  }

  private static List<String> found(byte[] disk) {
    return CloneCheck.of(GuestImage.disk(disk));
  }

  private static void assertAllFound(List<String> found, String where) {
    assertEquals(3, found.size(), found.toString());
    assertTrue(found.get(0).startsWith("/etc/machine-id on " + where + " is not empty"));
    assertTrue(
        found
            .get(1)
            .contains(where + " holds the host keys ssh_host_ed25519_key, ssh_host_rsa_key:"));
    assertTrue(found.get(2).contains("initiatorname.iscsi on " + where));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-t ext4",
        "-t ext4 -b 1024",
        "-t ext4 -O ^64bit,^metadata_csum -I 128",
        "-t ext4 -O ^has_journal,^flex_bg,^extents,^64bit",
        "-t ext3 -b 2048",
        "-t ext2 -b 1024",
      })
  void whatBelongsToOneMachineIsFound(String options) throws Exception {
    putAll();
    assertAllFound(found(GuestImage.ext(root, work, options.split(" "))), "the disk");
  }

  @Test
  void partitionsAreLookedInto() throws Exception {
    putAll();
    byte[] files = GuestImage.ext(root, work, "-t", "ext4");
    assertAllFound(found(GuestImage.mbr(0x83, files)), "partition 1");
    assertAllFound(found(GuestImage.gpt(files)), "partition 2");
  }

  @Test
  void aDiskThatIsReadyToBeClonedHasNoWarning() throws Exception {
    put("etc/machine-id", "");
    put("etc/ssh/sshd_config", "");
    put("etc/iscsi/initiatorname.iscsi", "GenerateName=yes\n");
    assertEquals(List.of(), found(GuestImage.ext(root, work, "-t", "ext4")));
    put("etc/machine-id", "uninitialized\n");
    assertEquals(List.of(), found(GuestImage.ext(root, work, "-t", "ext4")));
  }

  @Test
  void aDiskWithoutAnOperatingSystemHasNoWarning() throws Exception {
    Files.delete(root.resolve("etc/hostname"));
    Files.delete(root.resolve("etc"));
    assertEquals(List.of(), found(GuestImage.ext(root, work, "-t", "ext4")));
  }

  @Test
  void linksAreFollowedWithinTheDisk() throws Exception {
    put("usr/lib/id", "0123456789abcdef0123456789abcdef\n");
    Files.createSymbolicLink(root.resolve("etc/machine-id"), Path.of("../usr/./lib/id"));
    put("real/ssh/ssh_host_rsa_key", "secret");
    Files.createSymbolicLink(root.resolve("etc/ssh"), Path.of("/real/ssh"));
    assertEquals(2, found(GuestImage.ext(root, work, "-t", "ext4")).size());
  }

  @Test
  void aLinkThatLeadsToItselfIsGivenUp() throws Exception {
    Files.createSymbolicLink(root.resolve("etc/machine-id"), Path.of("machine-id"));
    List<String> found = found(GuestImage.ext(root, work, "-t", "ext4"));
    assertEquals(1, found.size());
    assertTrue(found.getFirst().contains("links to follow"), found.getFirst());
  }

  /** A length is 64 bits, of which no file system has the upper half set. */
  @Test
  void aFileWhoseLengthIsBeyondAllBoundsIsSaid() throws Exception {
    int length = 4_242;
    put("etc/machine-id", "7".repeat(length));
    byte[] image = GuestImage.ext(root, work, "-t", "ext4");
    ByteBuffer bytes = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    int inode = 0;
    while ((bytes.getShort(inode) & 0xF000) != 0x8000 || bytes.getInt(inode + 4) != length) {
      inode += 128;
    }
    bytes.putInt(inode + 4, -1).putInt(inode + 0x6C, -1);
    List<String> found = found(image);
    assertEquals(1, found.size());
    assertTrue(found.getFirst().contains(" of 18446744073709551615 bytes"), found.getFirst());
  }

  @Test
  void aFolderOfManyBlocksIsLookedThrough() throws Exception {
    for (int i = 0; i < 1500; i++) {
      put("etc/a-file-with-a-rather-long-name-" + i, "");
    }
    putAll();
    assertAllFound(found(GuestImage.ext(root, work, "-t", "ext4", "-N", "4096")), "the disk");
    assertAllFound(
        found(GuestImage.ext(root, work, "-t", "ext2", "-b", "1024", "-N", "4096")), "the disk");
  }

  @Test
  void filesAreReadByteForByte() throws Exception {
    byte[] content = new byte[50_000];
    new Random(1).nextBytes(content);
    Files.write(root.resolve("etc/random"), content);
    for (String kind : List.of("ext4", "ext2")) {
      byte[] image = GuestImage.ext(root, work, "-t", kind, "-b", "1024");
      GuestDisk disk = new GuestDisk(GuestImage.disk(image));
      Ext4 files = new Ext4(disk, new Partition("the disk", 0, image.length));
      Ext4Inode file = files.file("/etc/random").orElseThrow();
      assertEquals(content.length, file.size());
      assertArrayEquals(content, files.beginning(file, content.length));
    }
  }

  @Test
  void whatIsNotLookedIntoIsSaid() {
    byte[] disk = new byte[1 << 20];
    System.arraycopy("XFSB".getBytes(StandardCharsets.US_ASCII), 0, disk, 0, 4);
    List<String> found = found(GuestImage.mbr(0x83, disk));
    assertEquals(1, found.size());
    assertTrue(found.getFirst().startsWith("partition 1 holds XFS and was not looked into"));
    assertTrue(found(new byte[1 << 20]).getFirst().contains("something unknown"));
  }

  @Test
  void aFatPartitionAndSwapAreNoMatter() {
    byte[] swap = new byte[1 << 20];
    System.arraycopy("SWAPSPACE2".getBytes(StandardCharsets.US_ASCII), 0, swap, 4086, 10);
    assertEquals(List.of(), found(GuestImage.mbr(0x82, swap)));
  }

  @Test
  void aPartitionOutsideTheDiskIsSaid() {
    ByteBuffer disk = ByteBuffer.wrap(GuestImage.mbr(0x83, new byte[4096]));
    disk.order(ByteOrder.LITTLE_ENDIAN).putInt(446 + 12, -1);
    assertTrue(found(disk.array()).getFirst().contains("outside the disk"));
  }

  /** Whatever stands on the disk, looking ends, and throws nothing. */
  @Test
  void randomDamageIsSurvived() throws Exception {
    putAll();
    byte[] sound = GuestImage.ext(root, work, "-t", "ext4", "-b", "1024", "-N", "64");
    Random random = new Random(7);
    int warned = 0;
    for (int i = 0; i < 300; i++) {
      byte[] damaged = sound.clone();
      ByteBuffer bytes = ByteBuffer.wrap(damaged).order(ByteOrder.LITTLE_ENDIAN);
      for (int j = 0; j < 40; j++) {
        int at = 1024 + random.nextInt(random.nextBoolean() ? 1024 : 200 << 10);
        bytes.putInt(at, random.nextBoolean() ? random.nextInt() : random.nextInt(5000));
      }
      warned += found(Arrays.copyOf(damaged, damaged.length)).isEmpty() ? 0 : 1;
    }
    assertTrue(warned > 0);
  }
}
