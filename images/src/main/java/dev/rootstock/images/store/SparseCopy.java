// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Copies a disk into a raw file; runs of zeros become holes, checksums are taken on the way. */
final class SparseCopy {
  private static final int PIECE = 64 << 10;
  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(PIECE).asReadOnlyBuffer();

  private SparseCopy() {}

  /** What was copied. */
  record Result(long size, Checksums.Result checksums) {}

  /** Copies all of the source into a file that must not exist, and makes it durable. */
  static Result copy(DiskSource source, Path to, HostFiles.Opener opener, Progress progress)
      throws IOException {
    Checksums checksums = new Checksums();
    ByteBuffer buffer = ByteBuffer.allocateDirect(Limits.COPY_BYTES);
    ProgressClock clock = new ProgressClock(progress, source.total());
    long at = 0;
    try (HostFile copy = opener.open(to, HostFiles.Mode.CREATE)) {
      boolean hole = false;
      while (source.read(buffer.clear())) {
        int count = buffer.flip().limit();
        if (at + count > Limits.MAX_DISK_BYTES) {
          throw new IOException("it unpacks to more than 64 TiB, the largest disk");
        }
        checksums.add(buffer.duplicate());
        hole = writeData(copy, at, buffer);
        at += count;
        clock.at(source.done());
        if (Thread.interrupted()) {
          Thread.currentThread().interrupt();
          throw new InterruptedIOException("interrupted");
        }
      }
      if (hole) {
        // The last bytes give the file its size.
        copy.write(at - 1, ByteBuffer.allocateDirect(1));
      }
      copy.sync();
    }
    if (source.done() < source.total()) {
      progress.at(source.total(), source.total());
    }
    return new Result(at, checksums.end());
  }

  /** Writes what is not zeros; tells whether the last piece was left out. */
  private static boolean writeData(HostFile copy, long at, ByteBuffer data) throws IOException {
    boolean hole = false;
    for (int from = 0; from < data.limit(); from += PIECE) {
      ByteBuffer piece = data.slice(from, Math.min(PIECE, data.limit() - from));
      hole = isZero(piece);
      if (!hole) {
        copy.write(at + from, piece);
      }
    }
    return hole;
  }

  /** Whether the remaining bytes, 64 KiB at most, are all zeros. */
  static boolean isZero(ByteBuffer piece) {
    return piece.mismatch(ZEROS.slice(0, piece.remaining())) < 0;
  }
}
