// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.block;

import java.nio.ByteBuffer;

/**
 * Bytes of a golden version where they lie in memory, lent by a device. They never change, and they
 * stay readable until they are given back, also when the device is fenced or closed meanwhile.
 *
 * <p>They are for the kernel to copy from. Should the disk below fail after all, a system call ends
 * with an error, but an access of the virtual machine's own would end in an {@link InternalError}.
 */
public interface Loan {

  /** The bytes, from position to limit; read-only and direct. */
  ByteBuffer bytes();

  /**
   * The CRC32C of the bytes, as {@link java.util.zip.CRC32C} tells it, or -1 when it would take
   * long to tell. They never change, so it is remembered.
   */
  default long checksum() {
    return -1;
  }

  /** Ends the use of {@link #bytes}; to be called once, on any thread. */
  void giveBack();
}
