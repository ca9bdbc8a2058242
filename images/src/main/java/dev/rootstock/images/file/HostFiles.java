// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.UUID;

/** Opens files: directly where the system has the calls, through the JDK elsewhere. */
public final class HostFiles {
  private HostFiles() {}

  /**
   * How a file is opened. Tests open theirs through another one, to stand between us and the disk.
   */
  @FunctionalInterface
  public interface Opener {
    /**
     * Opens a file.
     *
     * @throws java.nio.file.NoSuchFileException and its kin, as the JDK does
     */
    HostFile open(Path path, Mode mode) throws IOException;

    /** Takes a file's or an empty folder's name away; tells whether there was one. */
    default boolean delete(Path path) throws IOException {
      return Files.deleteIfExists(path);
    }

    /** Gives a file another name, in one step, and takes that from whichever had it. */
    default void move(Path from, Path to) throws IOException {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }

    /**
     * Gives a file a further name.
     *
     * @throws UnsupportedOperationException where the file system cannot
     */
    default void link(Path further, Path file) throws IOException {
      Files.createLink(further, file);
    }

    /** Sees to it that there is a folder. */
    default void makeFolder(Path folder) throws IOException {
      Files.createDirectories(folder);
    }

    /** Makes the names in a folder survive power loss. */
    default void syncFolder(Path folder) throws IOException {
      HostFiles.syncFolder(folder);
    }

    /**
     * The identity of the running kernel: what was written to a file since it started can be read,
     * whichever process wrote it.
     */
    default UUID boot() {
      return Boot.ID;
    }
  }

  /** Read once. Without the kernel's word, each process counts as a boot of its own. */
  private static final class Boot {
    static final UUID ID = read();

    private static UUID read() {
      try {
        return UUID.fromString(
            Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip());
      } catch (IOException | IllegalArgumentException unknown) {
        return UUID.randomUUID();
      }
    }
  }

  /** What a file is opened for. */
  public enum Mode {
    READ,
    READ_WRITE,
    /** A file that must not exist yet, for reading and writing. */
    CREATE
  }

  /** The {@link Opener} of the running system. */
  public static HostFile open(Path path, Mode mode) throws IOException {
    return Posix.available() ? openNative(path, mode) : openChannel(path, mode);
  }

  static HostFile openNative(Path path, Mode mode) throws IOException {
    int flags =
        switch (mode) {
          case READ -> Posix.O_RDONLY;
          case READ_WRITE -> Posix.O_RDWR;
          case CREATE -> Posix.O_RDWR | Posix.O_CREAT | Posix.O_EXCL;
        };
    int fd = Posix.open(path, flags, 0600);
    if (fd < 0) {
      throw Errno.opening(path, -fd);
    }
    return new NativeFile(path, fd);
  }

  static HostFile openChannel(Path path, Mode mode) throws IOException {
    Set<OpenOption> options =
        switch (mode) {
          case READ -> Set.of(StandardOpenOption.READ);
          case READ_WRITE -> Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE);
          case CREATE ->
              Set.of(
                  StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
        };
    return new ChannelFile(path, FileChannel.open(path, options));
  }

  /** Makes the names in a folder survive power loss. */
  public static void syncFolder(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
