// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.Extent;
import dev.rootstock.images.block.Geometry;
import dev.rootstock.images.block.IoCompletion;
import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.images.block.Update;
import dev.rootstock.images.block.Usage;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * A disk in memory that knows which of its physical blocks were written since they were given up
 * last, and that can be slow to write.
 */
final class ThinDisk implements BlockDevice {
  private final MemoryBlockDevice inner;
  private final int unit;
  private final BitSet mapped = new BitSet();
  private final Executor writing;

  /**
   * @param perWrite how long each write takes
   */
  ThinDisk(Geometry geometry, Duration perWrite) {
    inner = new MemoryBlockDevice(geometry);
    unit = geometry.physicalBlockBytes();
    writing =
        perWrite.isZero()
            ? Runnable::run
            : CompletableFuture.delayedExecutor(
                perWrite.toMillis(), TimeUnit.MILLISECONDS, Thread::startVirtualThread);
  }

  private synchronized void map(long offset, long length) {
    mapped.set((int) (offset / unit), (int) Math.ceilDiv(offset + length, (long) unit));
  }

  /** Only whole physical blocks become free. */
  private synchronized void unmap(long offset, long length) {
    int first = (int) Math.ceilDiv(offset, (long) unit);
    int end = (int) ((offset + length) / unit);
    if (first < end) {
      mapped.clear(first, end);
    }
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
    long length = 0;
    for (ByteBuffer part : data) {
      length += part.remaining();
    }
    map(offset, length);
    writing.execute(() -> inner.write(offset, data, durability, done));
  }

  @Override
  public void update(
      long offset, ByteBuffer scratch, Update change, Durability durability, IoCompletion done) {
    map(offset, scratch.remaining());
    inner.update(offset, scratch, change, durability, done);
  }

  @Override
  public Usage usage() {
    return inner.usage();
  }

  @Override
  public void flush(IoCompletion done) {
    inner.flush(done);
  }

  @Override
  public void discard(long offset, long length, IoCompletion done) {
    unmap(offset, length);
    inner.discard(offset, length, done);
  }

  @Override
  public synchronized List<Extent> extents(long offset, long length) {
    List<Extent> extents = new ArrayList<>();
    long end = offset + length;
    for (long at = offset; at < end; ) {
      int index = (int) (at / unit);
      boolean data = mapped.get(index);
      int change = data ? mapped.nextClearBit(index) : mapped.nextSetBit(index);
      long next = change < 0 ? end : Math.min(end, (long) change * unit);
      extents.add(data ? new Extent.Mutable(at, next - at) : new Extent.Zero(at, next - at));
      at = next;
    }
    return extents;
  }

  @Override
  public void close() {
    inner.close();
  }
}
