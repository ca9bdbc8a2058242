// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The registry cannot be read or written; the message is one line for its administrator. */
public final class RegistryException extends IOException {
  private static final long serialVersionUID = 1L;

  RegistryException(String message) {
    this(message, null);
  }

  RegistryException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
