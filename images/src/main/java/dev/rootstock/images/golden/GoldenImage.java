// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.golden;

import dev.rootstock.images.block.Extent;
import dev.rootstock.images.block.Loan;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a golden version, or of another layer that never changes, whatever file they stand
 * in. Held open, so that they stay readable whatever happens to the file's name. Bytes beyond the
 * end read as zeros: a client's disk may be larger than its image.
 *
 * <p>Safe for many threads, but for {@link #close}: who closes sees to it that nobody is inside.
 */
public interface GoldenImage extends Closeable {

  /** Bytes of the disk. */
  long size();

  /**
   * Reads into the remaining bytes of {@code into} if they are in memory already; never waits.
   *
   * @return true when every byte was read and the position moved to the limit; false, with the
   *     position where it was and the bytes undefined, when the caller has to use {@link #read}
   */
  boolean tryRead(long offset, ByteBuffer into);

  /**
   * Lends a range's bytes if they are in memory and lie in one piece of a file; never waits.
   *
   * @return null when the caller has to read them
   */
  default @Nullable Loan tryLend(long offset, int length) {
    return null;
  }

  /** Fills the remaining bytes of {@code into}. */
  void read(long offset, ByteBuffer into) throws IOException;

  /** Adds where a range comes from, in order and without gaps. */
  void extents(long offset, long length, List<Extent> to);
}
