// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.files;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.util.List;
import java.util.Set;

/**
 * A folder whose files anybody on the network may read, and nothing else of this machine.
 *
 * <p>A name is taken apart and every part is opened below the one before it, by descriptor and
 * without following links, so neither a link nor a folder that is swapped meanwhile leads out.
 * Links are not followed at all, not even those that stay inside: one rule is easier to trust.
 */
public final class BootFiles {
  private static final int LONGEST_NAME = 255;
  private static final int DEEPEST = 16;

  private final Path root;

  private BootFiles(Path root) {
    this.root = root;
  }

  /**
   * The files below a folder, which may itself be reached by links.
   *
   * @throws IOException in one line where it is no folder that can be read this way
   */
  public static BootFiles in(Path root) throws IOException {
    try {
      Path real = root.toRealPath();
      try (DirectoryStream<Path> folder = Files.newDirectoryStream(real)) {
        if (!(folder instanceof SecureDirectoryStream<Path>)) {
          throw new IOException(
              "the boot files' folder %s is on a file system without safe look-up".formatted(root));
        }
      }
      return new BootFiles(real);
    } catch (NoSuchFileException | NotDirectoryException e) {
      throw new IOException(
          "%s, for boot files, is no folder: install the package ipxe, or configure 'tftp.root'"
              .formatted(root),
          e);
    } catch (FileSystemException e) {
      throw new IOException(
          "the boot files' folder %s cannot be read: %s".formatted(root, e.getReason()), e);
    }
  }

  /**
   * Opens a file. May wait for the disk.
   *
   * @param name as it came from the network: parts between slashes or backslashes, which PXE ROMs
   *     write; slashes at the beginning do not matter
   * @throws NoSuchFileException for all that is no plain file below the folder: the asker cannot
   *     tell what is missing from what is elsewhere
   */
  public BootFile open(String name) throws IOException {
    List<Path> parts = parts(name);
    try (DirectoryStream<Path> folder = Files.newDirectoryStream(root)) {
      if (folder instanceof SecureDirectoryStream<Path> secure) {
        return open(secure, parts);
      }
      throw new IOException("the boot files' folder has no safe look-up any more");
    } catch (FileSystemException e) {
      // ELOOP, ENOTDIR, EACCES and the like say more than the asker needs to know.
      NoSuchFileException missing = new NoSuchFileException(name);
      missing.initCause(e);
      throw missing;
    }
  }

  private static BootFile open(SecureDirectoryStream<Path> folder, List<Path> parts)
      throws IOException {
    Path first = parts.getFirst();
    if (parts.size() > 1) {
      try (SecureDirectoryStream<Path> next =
          folder.newDirectoryStream(first, LinkOption.NOFOLLOW_LINKS)) {
        return open(next, parts.subList(1, parts.size()));
      }
    }
    // Before it is opened: opening a pipe would wait for a writer.
    if (!folder
        .getFileAttributeView(first, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
        .readAttributes()
        .isRegularFile()) {
      throw new NoSuchFileException(first.toString());
    }
    SeekableByteChannel channel =
        folder.newByteChannel(first, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
    try {
      return new BootFile(channel);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static List<Path> parts(String name) throws NoSuchFileException {
    String path = name.replace('\\', '/').replaceFirst("^/+", "");
    List<String> parts = List.of(path.split("/", -1));
    if (name.length() > LONGEST_NAME || parts.size() > DEEPEST) {
      throw new NoSuchFileException("a name that is too long");
    }
    for (String part : parts) {
      if (part.isEmpty()
          || part.equals(".")
          || part.equals("..")
          || part.chars().anyMatch(c -> c < 0x20 || c >= 0x7F)) {
        throw new NoSuchFileException(name);
      }
    }
    return parts.stream().map(Path::of).toList();
  }
}
