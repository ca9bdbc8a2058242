// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.Extent;
import dev.rootstock.images.block.Geometry;
import dev.rootstock.images.block.IoCompletion;
import dev.rootstock.images.block.Loan;
import dev.rootstock.images.block.Update;
import dev.rootstock.images.block.Usage;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A client's disk whose state of one moment can be copied while it is in use.
 *
 * <p>A copy begins when every change has ended that was on its way to the disk; those that come
 * meanwhile wait. So no change is in it by a part, though it were of many clusters.
 */
final class CopyableDevice implements BlockDevice {
  private final BlockDevice inner;
  private final Duration patience;
  private volatile @Nullable MomentCopy copy;

  /** Changes that the disk has and that have not ended, and those that ask whether they may. */
  private final AtomicInteger underWay = new AtomicInteger();

  /** Changes that wait for a copy to begin; null when none is about to. Guarded by this. */
  private @Nullable List<Runnable> held;

  CopyableDevice(BlockDevice inner) {
    this(inner, Duration.ofSeconds(Limits.MOMENT_SECONDS));
  }

  /** The same whose copies wait so long for the changes before them. */
  CopyableDevice(BlockDevice inner, Duration patience) {
    this.inner = inner;
    this.patience = patience;
  }

  /** The device itself, for the copy to read from. */
  BlockDevice inner() {
    return inner;
  }

  /**
   * Waits until the changes under way have ended; from then on changes wait for this copy.
   *
   * @return false when another copy is being made
   * @throws IOException when the disk does not end them in time; the copy is given up then
   */
  boolean copyFirst(MomentCopy next) throws IOException {
    synchronized (this) {
      if (copy != null) {
        return false;
      }
      held = new ArrayList<>();
      copy = next;
    }
    try {
      awaitEnded();
    } catch (IOException failed) {
      next.giveUp(failed);
      copied();
      throw failed;
    } finally {
      release();
    }
    return true;
  }

  private synchronized void awaitEnded() throws IOException {
    long end = System.nanoTime() + patience.toNanos();
    while (underWay.get() > 0) {
      long left = end - System.nanoTime();
      if (left <= 0) {
        throw new IOException(
            "the disk has not ended a write for %d s; try again when it is less busy"
                .formatted(patience.toSeconds()));
      }
      try {
        wait(Math.ceilDiv(left, 1_000_000));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted");
      }
    }
  }

  private void release() {
    List<Runnable> waiting;
    synchronized (this) {
      waiting = held;
      held = null;
    }
    if (waiting != null) {
      waiting.forEach(Runnable::run);
    }
  }

  /** Changes wait for nothing any more. */
  synchronized void copied() {
    copy = null;
  }

  boolean isCopied() {
    return copy != null;
  }

  /**
   * Whether a change may go to the disk now; if so it counts until {@link #leave}.
   *
   * @param passed the copy that it has waited for
   */
  private boolean enter(@Nullable MomentCopy passed) {
    underWay.incrementAndGet(); // before the look: a copy that begins now sees one of the two
    MomentCopy now = copy;
    if (now == null || now == passed) {
      return true;
    }
    leave();
    return false;
  }

  private void leave() {
    if (underWay.decrementAndGet() == 0 && copy != null) {
      synchronized (this) {
        notifyAll();
      }
    }
  }

  private IoCompletion leaving(IoCompletion done) {
    return failure -> {
      leave();
      done.completed(failure);
    };
  }

  /** Runs a change, which enters, once the copy has what it would overwrite. */
  private void copyBefore(long offset, long length, Consumer<@Nullable MomentCopy> change) {
    geometry().check(offset, length);
    MomentCopy first = copy;
    if (first == null) {
      change.accept(null); // it has ended meanwhile
      return;
    }
    Runnable go = () -> first.before(offset, length, () -> change.accept(first));
    synchronized (this) {
      if (held != null) {
        held.add(go);
        return;
      }
    }
    go.run();
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
  public @Nullable Loan tryLend(long offset, int length) {
    return inner.tryLend(offset, length);
  }

  @Override
  public void read(long offset, ByteBuffer into, IoCompletion done) {
    inner.read(offset, into, done);
  }

  @Override
  public void write(long offset, ByteBuffer[] data, Durability durability, IoCompletion done) {
    write(offset, data, durability, done, null);
  }

  private void write(
      long offset,
      ByteBuffer[] data,
      Durability durability,
      IoCompletion done,
      @Nullable MomentCopy passed) {
    if (enter(passed)) {
      submit(() -> inner.write(offset, data, durability, leaving(done)));
      return;
    }
    long length = 0;
    for (ByteBuffer part : data) {
      length += part.remaining();
    }
    copyBefore(offset, length, copied -> write(offset, data, durability, done, copied));
  }

  @Override
  public void update(
      long offset, ByteBuffer scratch, Update change, Durability durability, IoCompletion done) {
    update(offset, scratch, change, durability, done, null);
  }

  private void update(
      long offset,
      ByteBuffer scratch,
      Update change,
      Durability durability,
      IoCompletion done,
      @Nullable MomentCopy passed) {
    if (enter(passed)) {
      submit(() -> inner.update(offset, scratch, change, durability, leaving(done)));
    } else {
      copyBefore(
          offset,
          scratch.remaining(),
          copied -> update(offset, scratch, change, durability, done, copied));
    }
  }

  @Override
  public void flush(IoCompletion done) {
    inner.flush(done);
  }

  @Override
  public void discard(long offset, long length, IoCompletion done) {
    discard(offset, length, done, null);
  }

  private void discard(long offset, long length, IoCompletion done, @Nullable MomentCopy passed) {
    if (enter(passed)) {
      submit(() -> inner.discard(offset, length, leaving(done)));
    } else {
      copyBefore(offset, length, copied -> discard(offset, length, done, copied));
    }
  }

  /** A change that the disk refuses by an exception, for its range, has not begun. */
  private void submit(Runnable change) {
    boolean begun = false;
    try {
      change.run();
      begun = true;
    } finally {
      if (!begun) {
        leave();
      }
    }
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
