// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One open file. The seam between the formats and the operating system: tests put files behind it
 * that fail, tear, or record what was done in which order.
 *
 * <p>Safe for many threads, but for {@link #close}: who closes sees to it that nobody is inside.
 */
public interface HostFile extends Closeable {

  /**
   * Reads into the remaining bytes of {@code into} if they are in memory already; never waits for a
   * disk.
   *
   * @return true when every byte was read and the position moved to the limit; false, with the
   *     position where it was and the bytes undefined, when not: the bytes are not cached, the
   *     buffer is no direct one, the system cannot tell, or anything failed
   */
  boolean tryRead(long offset, ByteBuffer into);

  /**
   * Fills the remaining bytes of {@code into}.
   *
   * @throws java.io.EOFException when the file ends before
   */
  void read(long offset, ByteBuffer into) throws IOException;

  /**
   * Writes the remaining bytes of all parts, one after the other. On failure some of them may have
   * been written.
   *
   * @throws NoSpaceException when the file system or a quota of it is full
   */
  void write(long offset, ByteBuffer... parts) throws IOException;

  /** Makes the content and the length of the file survive power loss (fdatasync). */
  void sync() throws IOException;

  /** The length in bytes. */
  long size() throws IOException;

  /** Cuts the file off, or lengthens it with a hole. */
  void truncate(long size) throws IOException;

  /**
   * Gives the space of a range back, where the file system can. What the range holds afterwards is
   * nobody's business any more: zeros or what it held before. The length stays.
   */
  void punch(long offset, long length) throws IOException;

  /** Bytes that the file takes on its file system; holes take none. */
  long allocated() throws IOException;

  /**
   * Takes the file for this open file alone, in the way that QEMU's tools take an image that they
   * write. It is let go when the file is closed, and when the process ends, however it ends.
   *
   * @throws IOException when somebody else has it, or reads it
   */
  void lock() throws IOException;
}
