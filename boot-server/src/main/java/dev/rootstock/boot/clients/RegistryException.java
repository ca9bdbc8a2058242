// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The registry cannot be read or written; the message is one line for its administrator. */
public final class RegistryException extends IOException {
  private static final long serialVersionUID = 1L;

  public RegistryException(String message) {
    this(message, null);
  }

  /** What the operating system said about the registry's file, as a line for a person. */
  public static RegistryException of(Path file, IOException cause) {
    return cause instanceof RegistryException already
        ? already
        : new RegistryException(file + " cannot be used: " + cause, cause);
  }

  public RegistryException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
