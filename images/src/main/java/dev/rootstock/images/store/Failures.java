// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.file.NoSpaceException;
import dev.rootstock.images.file.QuotaException;
import dev.rootstock.images.golden.ImageFormatException;
import dev.rootstock.images.qcow2.FormatException;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/** What the operating system refused, in the store's words. */
final class Failures {
  private Failures() {}

  /**
   * Makes one line of a failure.
   *
   * @param what the thing that was tried, to begin the line: "cannot import disk.raw"
   */
  static StoreException of(String what, IOException failure) {
    return switch (failure) {
      case QuotaException limited ->
          new StoreException(Kind.NO_SPACE, what + ": " + limited.getMessage(), limited);
      case NoSpaceException full -> noSpace(what, full);
      case BlockIoException full when full.kind() == BlockIoException.Kind.NO_SPACE ->
          full.getCause() instanceof QuotaException limited
              ? of(what, limited)
              : noSpace(what, full);
      case FormatException damaged ->
          new StoreException(Kind.CORRUPT, what + ": " + damaged.getMessage(), damaged);
      case ImageFormatException damaged ->
          new StoreException(Kind.CORRUPT, what + ": " + damaged.getMessage(), damaged);
      case NoSuchFileException gone ->
          new StoreException(Kind.NOT_FOUND, what + ": no such file: " + gone.getFile(), gone);
      case ClosedByInterruptException _ ->
          new StoreException(Kind.IO, what + ": interrupted", failure);
      case AccessDeniedException denied ->
          new StoreException(Kind.IO, what + ": permission denied: " + denied.getFile(), denied);
      case FileSystemException other when saysNoSpace(other.getReason()) -> noSpace(what, other);
      default -> {
        String text = String.valueOf(failure.getMessage());
        yield saysNoSpace(text)
            ? noSpace(what, failure)
            : new StoreException(Kind.IO, what + ": " + text, failure);
      }
    };
  }

  private static StoreException noSpace(String what, IOException full) {
    return new StoreException(
        Kind.NO_SPACE, what + ": the file system is full; make room and try again", full);
  }

  private static boolean saysNoSpace(@Nullable String text) {
    return text != null && text.contains("No space left");
  }
}
