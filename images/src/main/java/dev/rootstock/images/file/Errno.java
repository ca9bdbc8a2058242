// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.file;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** What error numbers mean to us. */
final class Errno {
  private Errno() {}

  static boolean noSpace(int errno) {
    return errno == Posix.ENOSPC || errno == Posix.EDQUOT;
  }

  static String text(int errno) {
    return switch (errno) {
      case Posix.ENOENT -> "no such file";
      case Posix.EIO -> "input/output error";
      case Posix.EACCES -> "permission denied";
      case Posix.EEXIST -> "it exists already";
      case Posix.ENOSPC -> "no space left on the file system";
      case Posix.EROFS -> "the file system is read-only";
      case Posix.EDQUOT -> "the file system's quota is used up";
      default -> "error " + errno;
    };
  }

  /** The failure to open a file, as the JDK would tell it. */
  static IOException opening(Path path, int errno) {
    return switch (errno) {
      case Posix.ENOENT -> new NoSuchFileException(path.toString());
      case Posix.EACCES -> new AccessDeniedException(path.toString());
      case Posix.EEXIST -> new FileAlreadyExistsException(path.toString());
      default -> {
        String message = "cannot open " + path + ": " + text(errno);
        yield noSpace(errno) ? new NoSpaceException(message) : new IOException(message);
      }
    };
  }
}
