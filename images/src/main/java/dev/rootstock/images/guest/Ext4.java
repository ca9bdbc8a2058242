// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.guest;

import static dev.rootstock.images.guest.GuestFormatException.check;

import dev.rootstock.images.Limits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * An ext2, ext3 or ext4 file system, as the kernel's "ext4 Data Structures and Algorithms" lays it
 * out: enough to find a file by its name and read its beginning. The journal is not replayed, so of
 * a disk that was not unmounted it may show a little too old a state.
 *
 * <p>Nothing is believed: every number is checked before it is used as an offset or a length,
 * depths only fall, and {@link GuestDisk} bounds what is read in all.
 */
final class Ext4 {
  private static final int ROOT = 2;
  private static final int SUPERBLOCK = 1024;

  /** Features without which a file cannot be found as it is here. */
  private static final int UNKNOWN_FEATURES =
      ~(0x2 | 0x4 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x10000
          | 0x20000);

  private static final int SIXTY_FOUR_BITS = 0x80;

  private final GuestDisk disk;
  private final Partition partition;
  private final int blockBytes;
  private final long blocks;
  private final long inodes;
  private final long inodesOfAGroup;
  private final int inodeBytes;
  private final int descriptorBytes;
  private final long descriptors;

  /** Reads a superblock. */
  Ext4(GuestDisk disk, Partition partition) throws IOException {
    this.disk = disk;
    this.partition = partition;
    ByteBuffer block = bytes(SUPERBLOCK, 1024);
    int logBlock = block.getInt(0x18);
    check(logBlock >= 0 && logBlock <= 6, () -> "blocks of 2^%d KiB".formatted(logBlock));
    blockBytes = 1024 << logBlock;
    int features = block.getInt(0x60);
    check(
        (features & UNKNOWN_FEATURES) == 0,
        () -> "features %#x are not understood".formatted(features & UNKNOWN_FEATURES));
    boolean large = (features & SIXTY_FOUR_BITS) != 0;
    blocks =
        Integer.toUnsignedLong(block.getInt(4))
            | (large ? Integer.toUnsignedLong(block.getInt(0x150)) << 32 : 0);
    check(
        blocks > 0 && blocks <= partition.length() / blockBytes,
        () ->
            "%d blocks of %d bytes in %d bytes".formatted(blocks, blockBytes, partition.length()));
    inodes = Integer.toUnsignedLong(block.getInt(0));
    inodesOfAGroup = Integer.toUnsignedLong(block.getInt(0x28));
    inodeBytes = block.getInt(0x4C) == 0 ? 128 : block.getShort(0x58) & 0xFFFF;
    descriptorBytes = large ? block.getShort(0xFE) & 0xFFFF : 32;
    check(
        inodes > ROOT && inodesOfAGroup > 0 && inodesOfAGroup <= 8L * blockBytes,
        () -> "%d inodes, %d a group".formatted(inodes, inodesOfAGroup));
    check(
        inodeBytes >= 128
            && inodeBytes <= blockBytes
            && descriptorBytes >= 32
            && descriptorBytes <= 1024,
        () -> "inodes of %d bytes, descriptors of %d".formatted(inodeBytes, descriptorBytes));
    descriptors = (Integer.toUnsignedLong(block.getInt(0x14)) + 1) * blockBytes;
  }

  /** A name in a folder. */
  private record Entry(String name, long inode) {}

  /**
   * The regular file that a name leads to, links followed; empty when there is none.
   *
   * @param path absolute
   */
  Optional<Ext4Inode> file(String path) throws IOException {
    return find(path, 0).filter(Ext4Inode::isRegular);
  }

  /** The names in a folder; none when there is no such folder. */
  List<String> names(String path) throws IOException {
    Optional<Ext4Inode> folder = find(path, 0).filter(Ext4Inode::isFolder);
    return folder.isEmpty()
        ? List.of()
        : entries(folder.get()).stream().map(Entry::name).sorted().toList();
  }

  /** The beginning of a file, up to {@link Limits#GUEST_PIECE_BYTES}. */
  byte[] beginning(Ext4Inode file, int most) throws IOException {
    byte[] found = new byte[(int) Math.min(file.size(), most)];
    for (int at = 0; at < found.length; at += blockBytes) {
      int length = Math.min(blockBytes, found.length - at);
      block(file, at / blockBytes).get(0, found, at, length);
    }
    return found;
  }

  private Optional<Ext4Inode> find(String path, int links) throws IOException {
    check(
        links <= Limits.GUEST_LINKS,
        () -> "more than %d links to follow".formatted(Limits.GUEST_LINKS));
    Ext4Inode at = inode(ROOT);
    List<String> parts = Arrays.stream(path.split("/")).filter(part -> !part.isEmpty()).toList();
    check(parts.size() <= Limits.GUEST_LINKS, () -> "a name of %d parts".formatted(parts.size()));
    String above = "";
    for (int i = 0; i < parts.size(); i++) {
      String part = parts.get(i);
      if (!at.isFolder()) {
        return Optional.empty();
      }
      Optional<Entry> entry =
          entries(at).stream().filter(each -> each.name().equals(part)).findFirst();
      if (entry.isEmpty()) {
        return Optional.empty();
      }
      at = inode(entry.get().inode());
      if (at.isLink()) {
        String target = new String(target(at), StandardCharsets.UTF_8);
        String rest = String.join("/", parts.subList(i + 1, parts.size()));
        return find(
            (target.startsWith("/") ? target : above + "/" + target) + "/" + rest, links + 1);
      }
      above = above + "/" + part;
    }
    return Optional.of(at);
  }

  private byte[] target(Ext4Inode link) throws IOException {
    return link.isShortLink() ? link.inPlace() : beginning(link, blockBytes);
  }

  private List<Entry> entries(Ext4Inode folder) throws IOException {
    check(
        folder.size() <= Limits.GUEST_FOLDER_BYTES,
        () -> "a folder of %d bytes is too long to look through".formatted(folder.size()));
    check(!folder.isInline(), () -> "a folder stands in its inode, which is not read");
    List<Entry> found = new ArrayList<>();
    for (long at = 0; at < folder.size(); at += blockBytes) {
      ByteBuffer block = block(folder, at / blockBytes);
      int next = 0;
      while (next <= blockBytes - 8) {
        long inode = Integer.toUnsignedLong(block.getInt(next));
        int name = block.get(next + 6) & 0xFF;
        int length = entryBytes(block.getShort(next + 4) & 0xFFFF);
        int room = blockBytes - next;
        check(
            length >= 8 && length % 4 == 0 && length <= room && name <= length - 8,
            () -> "a folder's entry of %d bytes with a name of %d".formatted(length, name));
        if (inode != 0) {
          byte[] bytes = new byte[name];
          block.get(next + 8, bytes);
          found.add(new Entry(new String(bytes, StandardCharsets.UTF_8), inode));
        }
        next += length;
      }
    }
    return found;
  }

  /** What fills a block of 64 KiB does not fit into 16 bits. */
  private int entryBytes(int said) {
    return said == 0 && blockBytes == 65_536 ? blockBytes : said;
  }

  private Ext4Inode inode(long number) throws IOException {
    check(number > 0 && number <= inodes, () -> "inode %d of %d".formatted(number, inodes));
    long group = (number - 1) / inodesOfAGroup;
    ByteBuffer descriptor = bytes(descriptors + group * descriptorBytes, descriptorBytes);
    long table =
        Integer.toUnsignedLong(descriptor.getInt(8))
            | (descriptorBytes >= 64 ? Integer.toUnsignedLong(descriptor.getInt(0x28)) << 32 : 0);
    checkBlock(table);
    Ext4Inode found =
        new Ext4Inode(bytes(table * blockBytes + (number - 1) % inodesOfAGroup * inodeBytes, 128));
    check(
        found.size() >= 0,
        () -> "inode %d of %s bytes".formatted(number, Long.toUnsignedString(found.size())));
    return found;
  }

  /** A block of a file; zeros where it has none. */
  private ByteBuffer block(Ext4Inode file, long index) throws IOException {
    check(!file.isInline(), () -> "a file stands in its inode, which is not read");
    long found =
        file.hasExtents()
            ? new Ext4Extents(this::blockAt).find(file.map(), index)
            : new Ext4BlockMap(this::blockAt, blockBytes).find(file.map(), index);
    return found == 0
        ? ByteBuffer.allocate(blockBytes).order(ByteOrder.LITTLE_ENDIAN)
        : blockAt(found);
  }

  private ByteBuffer blockAt(long number) throws IOException {
    checkBlock(number);
    return bytes(number * blockBytes, blockBytes);
  }

  private void checkBlock(long number) throws GuestFormatException {
    check(number > 0 && number < blocks, () -> "block %d of %d".formatted(number, blocks));
  }

  private ByteBuffer bytes(long offset, int length) throws IOException {
    check(
        offset >= 0 && offset <= partition.length() - length,
        () -> "%d bytes at %d of %d".formatted(length, offset, partition.length()));
    return disk.read(partition.offset() + offset, length);
  }
}
