// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.Extent;
import dev.rootstock.images.block.Geometry;
import dev.rootstock.images.block.IoCompletion;
import dev.rootstock.images.block.Update;
import dev.rootstock.images.block.Usage;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A device whose reads are not answered at once until it is told to be warm, and whose operations
 * happen when a test lets them happen, on the test's thread; or fail when it says so.
 */
public final class SlowDevice implements BlockDevice {
  private final BlockDevice inner;
  private final LinkedBlockingQueue<Runnable> held = new LinkedBlockingQueue<>();
  private final AtomicInteger begun = new AtomicInteger();
  private volatile boolean holds = true;
  private volatile boolean warm;
  private volatile BlockIoException.@Nullable Kind failure;

  public SlowDevice(BlockDevice inner) {
    this.inner = inner;
  }

  /** Later operations happen at once, on the caller's thread. */
  public void holdNothing() {
    holds = false;
  }

  /** Later reads are answered at once; what is held stays held. */
  public void warm() {
    warm = true;
  }

  /** Later operations fail so. */
  public void failWith(BlockIoException.@Nullable Kind kind) {
    failure = kind;
  }

  /** How many operations have begun. */
  public int begun() {
    return begun.get();
  }

  /** Waits for an operation and lets it happen. */
  public void letOne() throws InterruptedException {
    Runnable next = held.poll(30, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("no operation has begun");
    }
    next.run();
  }

  /** Waits until so many operations have begun and are held. */
  public void awaitHeld(int count) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (held.size() < count) {
      if (System.nanoTime() > end) {
        throw new AssertionError(held.size() + " operations are held, not " + count);
      }
      Thread.sleep(1);
    }
  }

  /** Lets everything happen that is held now. */
  public void letAll() {
    for (Runnable next = held.poll(); next != null; next = held.poll()) {
      next.run();
    }
  }

  private void happen(Runnable operation, IoCompletion done) {
    begun.incrementAndGet();
    BlockIoException.Kind kind = failure;
    Runnable action =
        kind == null ? operation : () -> done.completed(new BlockIoException(kind, "told to fail"));
    if (holds) {
      held.add(action);
    } else {
      action.run();
    }
  }

  @Override
  public Geometry geometry() {
    return inner.geometry();
  }

  @Override
  public boolean tryRead(long offset, ByteBuffer into) {
    return warm && inner.tryRead(offset, into);
  }

  @Override
  public void read(long offset, ByteBuffer into, IoCompletion done) {
    happen(() -> inner.read(offset, into, done), done);
  }

  @Override
  public void write(long offset, ByteBuffer[] data, Durability durability, IoCompletion done) {
    happen(() -> inner.write(offset, data, durability, done), done);
  }

  @Override
  public void update(
      long offset, ByteBuffer scratch, Update change, Durability durability, IoCompletion done) {
    happen(() -> inner.update(offset, scratch, change, durability, done), done);
  }

  @Override
  public void flush(IoCompletion done) {
    happen(() -> inner.flush(done), done);
  }

  @Override
  public void discard(long offset, long length, IoCompletion done) {
    happen(() -> inner.discard(offset, length, done), done);
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
