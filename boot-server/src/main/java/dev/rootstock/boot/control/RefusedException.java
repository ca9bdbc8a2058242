// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import org.jspecify.annotations.Nullable;

/** A command that was understood and is not done; the message is one line for the user. */
public final class RefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  public RefusedException(String message) {
    this(message, null);
  }

  public RefusedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
