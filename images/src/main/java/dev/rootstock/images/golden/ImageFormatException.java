// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.golden;

import java.io.IOException;
import java.util.function.Supplier;

/**
 * A file that is no image of its format, or one that we do not read. The message says what is wrong
 * at which offset of the file.
 */
public final class ImageFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  public ImageFormatException(String message) {
    super(message);
  }

  /** Refuses a file where {@code right} does not hold. */
  static void check(boolean right, long offset, Supplier<String> wrong)
      throws ImageFormatException {
    if (!right) {
      throw new ImageFormatException("offset " + offset + ": " + wrong.get());
    }
  }
}
