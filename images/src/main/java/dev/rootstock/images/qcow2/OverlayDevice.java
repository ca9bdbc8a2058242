// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.BlockIoException.Kind;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.Extent;
import dev.rootstock.images.block.Geometry;
import dev.rootstock.images.block.IoCompletion;
import dev.rootstock.images.file.DeviceReads;
import dev.rootstock.images.file.IoThreads;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An overlay as a disk.
 *
 * <p>Changes wait in a queue of the overlay's own. While there are some, one thread of the shared
 * pool works on it, a {@link Round} at a time, and goes to the back of the pool's queue after each:
 * so concurrent writes share a sync, hundreds of overlays share a few threads, and none keeps the
 * others waiting for longer than a round.
 */
final class OverlayDevice implements BlockDevice {
  private static final Logger LOG = LoggerFactory.getLogger(OverlayDevice.class);
  private static final int LOGICAL_BLOCK = 512;
  private static final int PHYSICAL_BLOCK = 4096;

  private final Overlay overlay;
  private final IoThreads threads;
  private final DeviceReads reads;
  private final Runnable release;
  private final Geometry geometry;

  /** Guards {@link #working} and itself. */
  private final ArrayDeque<Change> queue = new ArrayDeque<>();

  private boolean working;
  private volatile boolean closed;

  /** Why the overlay can no longer be written; set once. */
  private volatile @Nullable IOException broken;

  OverlayDevice(Overlay overlay, IoThreads threads, Runnable release) {
    this.overlay = overlay;
    this.threads = threads;
    this.reads = new DeviceReads(threads);
    this.release = release;
    this.geometry = new Geometry(overlay.header.sizeBytes(), LOGICAL_BLOCK, PHYSICAL_BLOCK, false);
  }

  @Override
  public Geometry geometry() {
    return geometry;
  }

  @Override
  public boolean tryRead(long offset, ByteBuffer into) {
    geometry.check(offset, into.remaining());
    return !closed && overlay.tryRead(offset, into);
  }

  @Override
  public void read(long offset, ByteBuffer into, IoCompletion done) {
    geometry.check(offset, into.remaining());
    if (closed) {
      done.completed(closedFailure());
    } else if (!reads.submit(() -> done.completed(readNow(offset, into)))) {
      done.completed(new BlockIoException(Kind.BUSY, "too many reads are waiting"));
    }
  }

  private @Nullable BlockIoException readNow(long offset, ByteBuffer into) {
    try {
      overlay.read(offset, into);
      return null;
    } catch (IOException | RuntimeException unreadable) {
      String message = "cannot read the disk at " + offset + ": " + unreadable.getMessage();
      return new BlockIoException(Kind.READ_FAILED, message, unreadable);
    }
  }

  @Override
  public void write(long offset, ByteBuffer[] data, Durability durability, IoCompletion done) {
    Change.Write write = new Change.Write(offset, data, durability, done);
    geometry.check(offset, write.bytes());
    submit(write);
  }

  @Override
  public void flush(IoCompletion done) {
    submit(new Change.Flush(done));
  }

  @Override
  public void discard(long offset, long length, IoCompletion done) {
    geometry.check(offset, length);
    submit(new Change.Discard(offset, length, done));
  }

  @Override
  public List<Extent> extents(long offset, long length) {
    geometry.check(offset, length);
    return overlay.extents(offset, length);
  }

  private void submit(Change change) {
    BlockIoException refusal = null;
    synchronized (queue) {
      if (closed) {
        refusal = closedFailure();
      } else if (queue.size() >= Limits.QUEUED_CHANGES) {
        refusal = new BlockIoException(Kind.BUSY, "too many writes are waiting");
      } else {
        enqueue(change);
      }
    }
    if (refusal != null) {
      change.end(refusal);
    }
  }

  private void enqueue(Change change) {
    queue.add(change);
    if (!working) {
      working = true;
      schedule();
    }
  }

  private void schedule() {
    try {
      threads.writers().execute(this::work);
    } catch (RejectedExecutionException stopped) {
      // The store closes its disks before its threads; this is for a caller that did not.
      broken = new IOException("the store is closed", stopped);
      Thread.ofVirtual().start(this::work);
    }
  }

  private void work() {
    List<Change> round = takeRound();
    if (broken == null) {
      try {
        new Round(overlay).run(round);
      } catch (IOException failure) {
        LOG.error(
            "an overlay is not written any more until it is reopened: {}", failure.toString());
        broken = failure;
      } catch (RuntimeException | Error bug) {
        LOG.error("an overlay is not written any more until it is reopened", bug);
        broken = new IOException("an error of ours: " + bug, bug);
      }
    }
    IOException why = broken;
    if (why != null) {
      String message = "the disk can no longer be written: " + why.getMessage();
      round.forEach(change -> change.end(new BlockIoException(Kind.WRITE_FAILED, message, why)));
    }
    synchronized (queue) {
      for (Change change : round.reversed()) {
        if (!change.ended()) {
          queue.addFirst(change); // a long discard goes on
        }
      }
      if (queue.isEmpty()) {
        working = false;
      } else {
        schedule();
      }
    }
  }

  private List<Change> takeRound() {
    List<Change> round = new ArrayList<>();
    long bytes = 0;
    synchronized (queue) {
      while (round.size() < Limits.ROUND_OPERATIONS) {
        Change next = queue.peek();
        if (next == null || (bytes > 0 && bytes + next.bytes() > Limits.ROUND_BYTES)) {
          break;
        }
        bytes += next.bytes();
        round.add(queue.remove());
      }
    }
    return round;
  }

  @Override
  public void close() {
    CompletableFuture<@Nullable BlockIoException> flushed = new CompletableFuture<>();
    synchronized (queue) {
      if (closed) {
        return;
      }
      closed = true;
      enqueue(new Change.Flush(flushed::complete));
    }
    BlockIoException failure = flushed.join();
    if (failure != null) {
      LOG.error("an overlay was closed and did not reach the disk: {}", failure.getMessage());
    }
    overlay.map.close();
    try {
      overlay.file.close();
    } catch (IOException failed) {
      LOG.error("an overlay's file did not close well: {}", failed.toString());
    } finally {
      release.run();
    }
  }

  private static BlockIoException closedFailure() {
    return new BlockIoException(Kind.CLOSED, "the disk is closed");
  }
}
