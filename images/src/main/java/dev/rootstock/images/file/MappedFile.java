// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.file;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.Loan;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A file that never changes, mapped into memory, so that a network card's driver is fed from the
 * page cache without a copy of ours in between. Nothing here reads the mapping: that could wait for
 * a disk, or end the virtual machine's patience when the disk fails. The kernel reads it, from
 * pages that it has said it holds.
 *
 * <p>The mapping goes with the last loan, not with {@link #close}: what is on its way to a slow
 * peer stays where it is.
 */
public final class MappedFile implements Closeable {
  private static final int COPY_BYTES = 64 * 1024;

  /** What is read for its checksum, and for that alone. */
  private static final ThreadLocal<ByteBuffer> COPY =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(COPY_BYTES));

  private final FileChannel channel;
  private final long size;

  /** Made for the first who asks for one; guarded by this. */
  private @Nullable Checksums checksums;

  private final Arena arena = Arena.ofShared();

  /** Null where the file cannot be mapped, or nobody can say what the page cache holds. */
  private final @Nullable MemorySegment bytes;

  /** Loans that are out, and one more while the file is open. */
  private final AtomicLong users = new AtomicLong(1);

  private final AtomicBoolean closed = new AtomicBoolean();

  private MappedFile(FileChannel channel, long size) {
    this.channel = channel;
    this.size = size;
    this.bytes = map(channel, size, arena);
  }

  /**
   * Opens a file for reading.
   *
   * @param size its length in bytes, known to the caller from a descriptor of its own
   * @throws IOException also when the file has another length: the name leads elsewhere by now
   */
  public static MappedFile open(Path path, long size) throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      if (channel.size() != size) {
        throw new IOException(path + " was replaced while it was opened; try again");
      }
      return new MappedFile(channel, size);
    } catch (IOException | RuntimeException failure) {
      channel.close();
      throw failure;
    }
  }

  private static @Nullable MemorySegment map(FileChannel channel, long size, Arena arena) {
    if (!Posix.available()) {
      return null;
    }
    try {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
    } catch (IOException | UnsupportedOperationException unmappable) {
      return null; // a file system that cannot; its bytes are read
    }
  }

  /** The file, for {@link dev.rootstock.images.block.Extent.Immutable}. */
  public FileChannel channel() {
    return channel;
  }

  /**
   * Lends bytes of the file if the page cache holds them all.
   *
   * @param length bytes, up to {@link Limits#MAX_LOAN_BYTES}
   * @return null when it does not, and for what lies behind the end
   */
  public @Nullable Loan tryLend(long offset, int length) {
    MemorySegment all = bytes;
    if (all == null || length > Limits.MAX_LOAN_BYTES || offset > all.byteSize() - length) {
      return null;
    }
    if (closed.get() || users.getAndUpdate(now -> now == 0 ? 0 : now + 1) == 0) {
      return null;
    }
    if (!Posix.cached(all.address() + offset, length)) {
      leave();
      return null;
    }
    return new Lent(all.asSlice(offset, length).asByteBuffer(), offset);
  }

  private final class Lent implements Loan {
    private final ByteBuffer bytes;
    private final long offset;

    Lent(ByteBuffer bytes, long offset) {
      this.bytes = bytes;
      this.offset = offset;
    }

    @Override
    public ByteBuffer bytes() {
      return bytes;
    }

    @Override
    public long checksum() {
      int length = bytes.remaining();
      if (!Checksums.covers(offset, length)) {
        return -1;
      }
      Checksums sums = checksums();
      long known = sums.of(offset, length);
      return known >= 0 || !learn(sums, offset, length) ? known : sums.of(offset, length);
    }

    @Override
    public void giveBack() {
      leave();
    }
  }

  private synchronized Checksums checksums() {
    Checksums sums = checksums;
    if (sums == null) {
      sums = new Checksums(size);
      checksums = sums;
    }
    return sums;
  }

  /**
   * Goes through bytes that the page cache was just found to hold. They are read and not looked at
   * where they are mapped, where a failure of the disk would be no exception.
   */
  private boolean learn(Checksums sums, long offset, int length) {
    ByteBuffer copy = COPY.get();
    try {
      for (int done = 0; done < length; done += copy.limit()) {
        if (!sums.hasRoom(offset + done)) {
          return false;
        }
        copy.clear().limit(Math.min(length - done, COPY_BYTES));
        while (copy.hasRemaining()) {
          if (channel.read(copy, offset + done + copy.position()) < 0) {
            return false;
          }
        }
        sums.learn(offset + done, copy.flip());
      }
      return true;
    } catch (IOException closedOrUnreadable) {
      return false;
    }
  }

  private void leave() {
    if (users.decrementAndGet() == 0) {
      arena.close();
    }
  }

  @Override
  public void close() throws IOException {
    if (closed.compareAndSet(false, true)) {
      leave();
      channel.close();
    }
  }
}
