// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.block;

import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A random-access disk of bytes, addressed from 0 to {@link Geometry#sizeBytes()}.
 *
 * <p>Two ways lead through it. {@link #tryRead} runs on the caller's thread and never waits, so
 * that an event loop may call it. Everything else takes an {@link IoCompletion} and may finish on
 * any thread, the caller's included.
 *
 * <p>Order: an operation that begins after a write has completed sees that write. Operations that
 * overlap in time and in range are unordered, but no logical block is ever torn between two of
 * them. Buffers belong to the device from the call until the completion.
 *
 * <p>Ranges are in bytes, multiples of {@link Geometry#logicalBlockBytes()}, and lie inside the
 * device: checking what came from a network is the caller's work, and a range that breaks the rule
 * is an {@link IllegalArgumentException}. Failures of storage, of quota and of fencing arrive as
 * {@link BlockIoException} through the completion, never as a thrown exception.
 */
public interface BlockDevice extends AutoCloseable {

  /** The size and the shape of the disk, constant while the device is open. */
  Geometry geometry();

  /**
   * Reads into the remaining bytes of {@code into}, if that needs no waiting.
   *
   * @param offset the first byte on the device
   * @param into a direct or heap buffer; its position is moved to its limit on success and left
   *     alone otherwise
   * @return true when every byte was read; false when the caller has to use {@link #read}, which
   *     also tells of any failure. After false the buffer's bytes are undefined.
   */
  boolean tryRead(long offset, ByteBuffer into);

  /**
   * Lends a range's bytes in place of a copy, if that needs no waiting: they can never change, are
   * in memory, and lie in one piece.
   *
   * @param length bytes, at least one logical block
   * @return null when the caller has to read them
   */
  default @Nullable Loan tryLend(long offset, int length) {
    return null;
  }

  /** Reads into the remaining bytes of {@code into}; its position ends at its limit. */
  void read(long offset, ByteBuffer into, IoCompletion done);

  /**
   * Writes the remaining bytes of all buffers, one after the other, at {@code offset}.
   *
   * @param data gathered in order; only their sum need be a multiple of the logical block
   * @param durability whether the completion may come before the data would survive power loss
   */
  void write(long offset, ByteBuffer[] data, Durability durability, IoCompletion done);

  /**
   * Reads a range, lets {@code change} alter its bytes, and writes them back, as one step: no other
   * write, discard or update of any of these bytes comes in between.
   *
   * @param scratch room for the bytes, from its position to its limit; its content is undefined
   *     before and afterwards
   * @param change not called when the range cannot be read or written
   * @param durability that of the bytes written; when {@code change} wants nothing written, the
   *     completion promises nothing
   */
  void update(
      long offset, ByteBuffer scratch, Update change, Durability durability, IoCompletion done);

  /** Makes every write that had completed before this call survive power loss. */
  void flush(IoCompletion done);

  /** Gives the range up: it reads as zeros afterwards, even where a golden image has data. */
  void discard(long offset, long length, IoCompletion done);

  /**
   * Says, without waiting, where the range comes from, in order and without gaps.
   *
   * @return extents that cover the range exactly. {@link Extent.Immutable} appears only for bytes
   *     that can never change, so that they may be sent straight from their file.
   */
  List<Extent> extents(long offset, long length);

  /**
   * What this device's client takes up and may take up, without waiting. An allocation beyond the
   * limit fails with {@link BlockIoException.Kind#NO_SPACE}; what is allocated stays writable.
   */
  Usage usage();

  /**
   * Ends the use of the device: what was written reaches the disk, and files are closed. Operations
   * that begin afterwards fail with {@link BlockIoException.Kind#CLOSED}.
   */
  @Override
  void close();
}
