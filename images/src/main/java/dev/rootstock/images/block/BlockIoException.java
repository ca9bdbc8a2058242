// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.block;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** An operation on a disk that failed, with a kind that a SCSI target can tell its client. */
public final class BlockIoException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Why an operation failed. */
  public enum Kind {
    /** The device belongs to an older boot, which has lost its disk to a newer one. */
    FENCED,
    /** The file system is full; nothing that was acknowledged is lost. */
    NO_SPACE,
    /** The client's or the store's quota is used up. */
    QUOTA,
    /** Too much is waiting for this disk already; the same may succeed in a moment. */
    BUSY,
    /** The disk is read-only. */
    READ_ONLY,
    /** Bytes could not be read. */
    READ_FAILED,
    /** Bytes could not be written or made durable; final for an overlay until it is reopened. */
    WRITE_FAILED,
    /** The device has been closed. */
    CLOSED
  }

  private final Kind kind;

  public BlockIoException(Kind kind, String message) {
    this(kind, message, null);
  }

  public BlockIoException(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
