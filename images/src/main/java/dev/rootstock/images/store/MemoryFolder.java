// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A folder of one data directory in a file system that lives in RAM, {@code
 * /dev/shm/rootstock-<digits>}: the digits are those of the data directory's path, so the next
 * server finds what this one leaves. Inside, {@code images} leads to the golden versions, so the
 * overlays in {@code clients} name them as those in the data directory do.
 *
 * <p>Others may write beside it ({@code /dev/shm} is everybody's): it is used only when it is a
 * folder, no link, of our user, and closed to all others.
 */
final class MemoryFolder {
  private static final Set<String> TYPES = Set.of("tmpfs", "ramfs");
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rwx------");

  private static final Pattern TOTAL = Pattern.compile("MemTotal: +([0-9]{1,15}) kB");

  private final Path parent;
  private final Path folder;
  private final Path data;

  /**
   * A folder that need not be there.
   *
   * @param parent the mounted file system, or a folder in it
   * @param data the data directory, with all links resolved
   */
  MemoryFolder(Path parent, Path data) {
    this.parent = parent;
    this.data = data;
    this.folder = parent.resolve("rootstock-" + digits(data));
  }

  private static String digits(Path data) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(data.toString().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().toHexDigits(ByteBuffer.wrap(hash).getInt());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  Path path() {
    return folder;
  }

  Path clients() {
    return folder.resolve("clients");
  }

  boolean isThere() {
    return Files.exists(folder, LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * Refuses what is no file system in RAM, or has no room for a disk.
   *
   * @throws StoreException INVALID, NO_SPACE, IO; none of it means that an overlay is lost
   */
  void check() throws StoreException {
    try {
      if (!Files.isDirectory(parent)) {
        throw new StoreException(
            Kind.INVALID,
            "disks in memory need the folder %s, and it is not there: mount a tmpfs, or name another with 'memory.directory'"
                .formatted(parent));
      }
      FileStore mounted = Files.getFileStore(parent);
      if (!TYPES.contains(mounted.type())) {
        throw new StoreException(
            Kind.INVALID,
            "%s is on %s, and disks in memory need a tmpfs: name one with 'memory.directory'"
                .formatted(parent, mounted.type()));
      }
      // A ramfs has no size, and says zero.
      if (mounted.getTotalSpace() > 0 && mounted.getUsableSpace() < Limits.LEAST_MEMORY_BYTES) {
        throw new StoreException(
            Kind.NO_SPACE,
            "%s has %d bytes left, and a new disk in memory needs %d: make room or enlarge it"
                .formatted(parent, mounted.getUsableSpace(), Limits.LEAST_MEMORY_BYTES));
      }
    } catch (IOException failure) {
      throw Failures.of("cannot look at " + parent, failure);
    }
  }

  /** The machine's memory in bytes; {@link Long#MAX_VALUE} where nobody says. */
  static long machineBytes() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/meminfo"))) {
      return lines
          .map(TOTAL::matcher)
          .filter(Matcher::matches)
          .mapToLong(total -> Long.parseLong(total.group(1)) << 10)
          .findFirst()
          .orElse(Long.MAX_VALUE);
    } catch (IOException | UncheckedIOException unknown) {
      return Long.MAX_VALUE;
    }
  }

  /** Makes the folder, or takes the one that is there. */
  void make() throws StoreException, IOException {
    try {
      Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(PRIVATE));
    } catch (FileAlreadyExistsException there) {
      // of an earlier server, or of somebody who lies in wait
    }
    requireOurs();
    Files.createDirectories(clients());
    Path images = folder.resolve("images");
    if (!Files.isSymbolicLink(images)) {
      Files.createSymbolicLink(images, data.resolve("images"));
    }
  }

  /** Refuses a folder that somebody else may have made, or may look into. */
  void requireOurs() throws StoreException, IOException {
    Map<String, Object> found =
        Files.readAttributes(folder, "unix:uid,isDirectory", LinkOption.NOFOLLOW_LINKS);
    Object us = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    boolean folderOfOurs =
        Boolean.TRUE.equals(found.get("isDirectory"))
            && us.equals(Objects.requireNonNull(found.get("uid")));
    if (!folderOfOurs
        || !Files.getPosixFilePermissions(folder, LinkOption.NOFOLLOW_LINKS).equals(PRIVATE)) {
      throw new StoreException(
          Kind.INVALID,
          "%s is not a folder that only this user may open: somebody else made it; remove it"
              .formatted(folder));
    }
  }

  /** Removes the folder and what is in it; nothing of it may be in use. */
  void remove() throws IOException {
    Path trash = clients().resolve(".trash");
    try (DirectoryStream<Path> files = Files.newDirectoryStream(trash)) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    Files.delete(trash);
    Files.deleteIfExists(clients());
    Files.deleteIfExists(folder.resolve("images"));
    Files.deleteIfExists(folder);
  }
}
