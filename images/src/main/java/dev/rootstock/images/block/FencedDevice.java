// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.block;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A device that can be taken away from its users.
 *
 * <p>Every operation, {@link #tryRead} included, is counted while it is under way, in the same word
 * that says whether the device is still theirs. So after the last one has ended nobody is inside
 * the inner device, and its files can be closed without a late system call meeting a descriptor
 * that by then belongs to another file.
 */
public final class FencedDevice implements BlockDevice {
  /** Bit 0 of the state: no new operations. The count of those under way stands above it. */
  private static final long SHUT = 1;

  private static final long ONE = 2;

  private final BlockDevice inner;
  private final AtomicLong state = new AtomicLong();
  private final CompletableFuture<Void> drained = new CompletableFuture<>();
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private volatile BlockIoException.Kind refusal = BlockIoException.Kind.FENCED;

  /** Takes {@code inner} over: it is closed with this device, and used through it only. */
  public FencedDevice(BlockDevice inner) {
    this.inner = inner;
  }

  /**
   * Fails every operation from now on with {@link BlockIoException.Kind#FENCED}.
   *
   * @return completes when those under way have ended, never on a thread of the inner device
   */
  public CompletionStage<Void> fence() {
    shut();
    return drained.minimalCompletionStage();
  }

  /** Whether {@link #fence} or {@link #close} has been called. */
  public boolean ended() {
    return (state.get() & SHUT) != 0;
  }

  @Override
  public Geometry geometry() {
    return inner.geometry();
  }

  @Override
  public boolean tryRead(long offset, ByteBuffer into) {
    if (!enter()) {
      return false;
    }
    try {
      return inner.tryRead(offset, into);
    } finally {
      leave();
    }
  }

  @Override
  public @Nullable Loan tryLend(long offset, int length) {
    if (!enter()) {
      return null;
    }
    try {
      return inner.tryLend(offset, length);
    } finally {
      leave();
    }
  }

  @Override
  public void read(long offset, ByteBuffer into, IoCompletion done) {
    run(done, counted -> inner.read(offset, into, counted));
  }

  @Override
  public void write(long offset, ByteBuffer[] data, Durability durability, IoCompletion done) {
    run(done, counted -> inner.write(offset, data, durability, counted));
  }

  @Override
  public void update(
      long offset, ByteBuffer scratch, Update change, Durability durability, IoCompletion done) {
    run(done, counted -> inner.update(offset, scratch, change, durability, counted));
  }

  @Override
  public void flush(IoCompletion done) {
    run(done, inner::flush);
  }

  @Override
  public void discard(long offset, long length, IoCompletion done) {
    run(done, counted -> inner.discard(offset, length, counted));
  }

  /** A fenced device names no file: its answer is one {@link Extent.Mutable}. */
  @Override
  public List<Extent> extents(long offset, long length) {
    if (!enter()) {
      geometry().check(offset, length);
      return length == 0 ? List.of() : List.of(new Extent.Mutable(offset, length));
    }
    try {
      return inner.extents(offset, length);
    } finally {
      leave();
    }
  }

  /** A fenced device has nothing allocated any more, as far as its users are concerned. */
  @Override
  public Usage usage() {
    if (!enter()) {
      return Usage.NONE;
    }
    try {
      return inner.usage();
    } finally {
      leave();
    }
  }

  /** Waits until those under way have ended, then closes the inner device; blocks. */
  @Override
  public void close() {
    if (closing.compareAndSet(false, true)) {
      if (!ended()) {
        refusal = BlockIoException.Kind.CLOSED;
      }
      shut();
      try {
        drained.join();
        inner.close();
      } finally {
        closed.complete(null);
      }
    } else {
      closed.join();
    }
  }

  /** An operation that has been admitted and tells its end to the completion that it is given. */
  private interface Operation {
    void start(IoCompletion counted);
  }

  private void run(IoCompletion done, Operation operation) {
    if (!enter()) {
      done.completed(
          new BlockIoException(
              refusal,
              refusal == BlockIoException.Kind.FENCED
                  ? "the disk belongs to a newer boot"
                  : "the disk is closed"));
      return;
    }
    Counted counted = new Counted(done);
    try {
      operation.start(counted);
    } catch (RuntimeException | Error refused) {
      counted.leaveOnce(); // a range outside the disk: the caller's bug, no completion will come
      throw refused;
    }
  }

  /** Leaves before the caller is told, so that the last to hear finds the fence complete. */
  private final class Counted implements IoCompletion {
    private final IoCompletion done;
    private final AtomicBoolean left = new AtomicBoolean();

    Counted(IoCompletion done) {
      this.done = done;
    }

    void leaveOnce() {
      if (left.compareAndSet(false, true)) {
        leave();
      }
    }

    @Override
    public void completed(@Nullable BlockIoException failure) {
      leaveOnce();
      done.completed(failure);
    }
  }

  private boolean enter() {
    if ((state.getAndAdd(ONE) & SHUT) == 0) {
      return true;
    }
    leave();
    return false;
  }

  private void leave() {
    if (state.addAndGet(-ONE) == SHUT) {
      // On a thread of nobody: this one may belong to the inner device, and whoever waits for the
      // fence may close the device, which in turn waits for its threads.
      drained.completeAsync(() -> null, Thread::startVirtualThread);
    }
  }

  private void shut() {
    if (state.getAndUpdate(now -> now | SHUT) == 0) {
      drained.complete(null);
    }
  }
}
