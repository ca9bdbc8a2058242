// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/**
 * Writes an initramfs in the format that Linux unpacks ("newc", kernel documentation
 * driver-api/early-userspace/buffer-format). Written here and not by cpio so that device nodes need
 * no root and that the same files give the same bytes: all are root's, and none has a time.
 */
final class CpioArchive implements AutoCloseable {
  private static final int FOLDER = 0040755;
  private static final int FILE = 0100644;
  private static final int PROGRAM = 0100755;
  private static final int LINK = 0120777;
  private static final int CHARACTER_DEVICE = 0020600;

  private final OutputStream out;
  private long written;
  private int inode;

  CpioArchive(OutputStream out) {
    this.out = out;
  }

  /** Adds all that lies below a folder, named as seen from it. */
  void addTree(Path root) throws IOException {
    for (Path path : FileTree.list(root)) {
      String name = root.relativize(path).toString();
      if (Files.isSymbolicLink(path)) {
        byte[] to = Files.readSymbolicLink(path).toString().getBytes(StandardCharsets.UTF_8);
        entry(name, LINK, to, 0, 0);
      } else if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
        entry(name, FOLDER, new byte[0], 0, 0);
      } else {
        entry(name, Files.isExecutable(path) ? PROGRAM : FILE, Files.readAllBytes(path), 0, 0);
      }
    }
  }

  void addCharacterDevice(String name, int major, int minor) throws IOException {
    entry(name, CHARACTER_DEVICE, new byte[0], major, minor);
  }

  private void entry(String name, int mode, byte[] data, int major, int minor) throws IOException {
    byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
    int links = mode == FOLDER ? 2 : 1;
    var header = new StringBuilder("070701");
    int[] fields = {
      ++inode, mode, 0, 0, links, 0, data.length, 0, 0, major, minor, nameBytes.length + 1, 0
    };
    for (int field : fields) {
      header.append("%08X".formatted(field));
    }
    write(header.toString().getBytes(StandardCharsets.US_ASCII));
    write(nameBytes);
    write(new byte[1]);
    pad();
    write(data);
    pad();
  }

  private void write(byte[] bytes) throws IOException {
    out.write(bytes);
    written += bytes.length;
  }

  /** Header with name, and data, each end on a multiple of four bytes. */
  private void pad() throws IOException {
    write(new byte[(int) (-written & 3)]);
  }

  @Override
  public void close() throws IOException {
    entry("TRAILER!!!", 0, new byte[0], 0, 0);
    out.close();
  }
}
