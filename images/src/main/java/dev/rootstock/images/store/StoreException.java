// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import org.jspecify.annotations.Nullable;

/**
 * The store cannot do what it was asked for. The message is one line for the administrator: what,
 * where, why, and what to do.
 */
public final class StoreException extends Exception {
  private static final long serialVersionUID = 1L;

  /** What callers tell apart. */
  public enum Kind {
    /** The overlay's file is gone. */
    LOST,
    /** The client's overlay is there, but it is not the one that was asked for. */
    OTHER_OVERLAY,
    /** The content is damaged: a checksum or a table that is not what it must be. */
    CORRUPT,
    /** Another process has the data directory, or a lease that is not fenced has the overlay. */
    IN_USE,
    /** No such image, version, or file. */
    NOT_FOUND,
    /** A name, a size or a format that the store does not take. */
    INVALID,
    /** The file system is full, or the limit of the store or of a client is reached. */
    NO_SPACE,
    /** The operating system refused to read or write. */
    IO
  }

  private final Kind kind;

  public StoreException(Kind kind, String message) {
    this(kind, message, null);
  }

  public StoreException(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
