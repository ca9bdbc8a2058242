// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.Extent;
import dev.rootstock.images.block.Geometry;
import dev.rootstock.images.block.IoCompletion;
import dev.rootstock.images.block.Loan;
import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.images.block.Update;
import dev.rootstock.images.block.Usage;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** A disk that lends what lies before {@code lentEnd}, and counts what is out. */
final class LendingDisk implements BlockDevice {
  private final MemoryBlockDevice inner;
  private final ByteBuffer content;
  private final long lentEnd;

  /** Whether loans tell their checksums; those that do not are of no use where one is needed. */
  volatile boolean knowsChecksums;

  final AtomicInteger out = new AtomicInteger();
  final AtomicLong lentBytes = new AtomicLong();

  LendingDisk(byte[] content, long lentEnd) {
    this.inner = new MemoryBlockDevice(content.length);
    this.lentEnd = lentEnd;
    this.content = ByteBuffer.allocateDirect(content.length).put(content).flip();
    inner.write(
        0,
        new ByteBuffer[] {ByteBuffer.wrap(content)},
        Durability.CACHED,
        failure -> {
          if (failure != null) {
            throw new AssertionError(failure);
          }
        });
  }

  @Override
  public @Nullable Loan tryLend(long offset, int length) {
    if (offset + length > lentEnd) {
      return null;
    }
    out.incrementAndGet();
    lentBytes.addAndGet(length);
    ByteBuffer bytes = content.slice((int) offset, length).asReadOnlyBuffer();
    CRC32C crc = new CRC32C();
    crc.update(bytes.duplicate());
    return new Loan() {
      @Override
      public ByteBuffer bytes() {
        return bytes;
      }

      @Override
      public long checksum() {
        if (!knowsChecksums) {
          lentBytes.addAndGet(-length);
          return -1;
        }
        return crc.getValue();
      }

      @Override
      public void giveBack() {
        out.decrementAndGet();
      }
    };
  }

  @Override
  public Geometry geometry() {
    return inner.geometry();
  }

  @Override
  public boolean tryRead(long offset, ByteBuffer into) {
    return inner.tryRead(offset, into);
  }

  @Override
  public void read(long offset, ByteBuffer into, IoCompletion done) {
    inner.read(offset, into, done);
  }

  @Override
  public void write(long offset, ByteBuffer[] data, Durability durability, IoCompletion done) {
    inner.write(offset, data, durability, done);
  }

  @Override
  public void update(
      long offset, ByteBuffer scratch, Update change, Durability durability, IoCompletion done) {
    inner.update(offset, scratch, change, durability, done);
  }

  @Override
  public void flush(IoCompletion done) {
    inner.flush(done);
  }

  @Override
  public void discard(long offset, long length, IoCompletion done) {
    inner.discard(offset, length, done);
  }

  @Override
  public List<Extent> extents(long offset, long length) {
    return inner.extents(offset, length);
  }

  @Override
  public Usage usage() {
    return inner.usage();
  }

  @Override
  public void close() {
    inner.close();
  }
}
