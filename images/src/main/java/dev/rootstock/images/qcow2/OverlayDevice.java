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
import dev.rootstock.images.block.Loan;
import dev.rootstock.images.block.Update;
import dev.rootstock.images.block.Usage;
import dev.rootstock.images.file.DeviceReads;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.file.NoSpaceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An overlay as a disk.
 *
 * <p>Changes wait in a queue of the overlay's own. While there are some, one thread of the shared
 * pool works on it, a {@link Round} at a time, and goes to the back of the pool's queue after each:
 * so concurrent writes share an append to the journal, hundreds of overlays share a few threads,
 * and none keeps the others waiting for longer than a round. Checkpoints run beside the rounds, one
 * at a time, on threads of their own; what they did is taken in between two rounds. A round waits,
 * without a thread, for the {@link MapMemory} that its changes may need.
 */
final class OverlayDevice implements BlockDevice {
  private static final Logger LOG = LoggerFactory.getLogger(OverlayDevice.class);
  private static final int LOGICAL_BLOCK = 512;
  private static final int PHYSICAL_BLOCK = 4096;

  private final Overlay overlay;
  private final OverlayWriter writer;
  private final NoRoom noRoom = new NoRoom(System::nanoTime);
  private final IoThreads threads;
  private final DeviceReads reads;
  private final Runnable release;
  private final Geometry geometry;

  /** Guards itself and the flags below. */
  private final ArrayDeque<Change> queue = new ArrayDeque<>();

  /** A thread works on the overlay, or is about to. */
  private boolean working;

  /** A checkpoint has been given to its threads and not been taken in. */
  private @Nullable Checkpoint checkpoint;

  /** How it ended. */
  private boolean checkpointEnded;

  private @Nullable IOException checkpointFailure;

  /** Others need the memory that this overlay's changes hold, or they are old. */
  private boolean relieve;

  /** The first of the queue waits for memory. */
  private boolean starved;

  /** Nobody works on the overlay any more, but who closes it. */
  private boolean finished;

  private final MapMemory.Share memory;

  /** The round has taken memory; for the working thread. */
  private boolean reserved;

  /** Will have old changes written; for the working thread, and then for who closes. */
  private @Nullable Future<?> alarm;

  /** Flushes and forced writes that wait for a checkpoint; for the working thread. */
  private final List<Change> toSync = new ArrayList<>();

  private volatile boolean closed;

  /** Why the overlay can no longer be written; set once. */
  private volatile @Nullable IOException broken;

  OverlayDevice(OverlayWriter writer, IoThreads threads, Runnable release) {
    this.writer = writer;
    this.overlay = writer.overlay;
    this.threads = threads;
    this.reads = new DeviceReads(threads);
    this.release = release;
    this.geometry = new Geometry(overlay.header.sizeBytes(), LOGICAL_BLOCK, PHYSICAL_BLOCK, false);
    memory = overlay.map.memory().share(this::relieve, this::granted);
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
  public @Nullable Loan tryLend(long offset, int length) {
    geometry.check(offset, length);
    return closed ? null : overlay.tryLend(offset, length);
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
  public void update(
      long offset, ByteBuffer scratch, Update change, Durability durability, IoCompletion done) {
    geometry.check(offset, scratch.remaining());
    submit(new Change.Modify(offset, scratch, change, durability, done));
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

  @Override
  public Usage usage() {
    return writer.usage();
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
    wake();
  }

  /** Called when others need memory, or when there are old changes. */
  private void relieve() {
    synchronized (queue) {
      if (!finished) {
        relieve = true;
        wake();
      }
    }
  }

  private void granted() {
    synchronized (queue) {
      starved = false;
      if (!finished) {
        wake();
      }
    }
  }

  /** Has a thread work on the overlay, if there is anything that it could do now. */
  private void wake() {
    boolean free = checkpoint == null;
    boolean blocked = starved || (!free && !checkpointEnded && !writer.hasRoom(true));
    if (!working && (checkpointEnded || (relieve && free) || (!queue.isEmpty() && !blocked))) {
      working = true;
      schedule(threads.writers(), this::work);
    }
  }

  private void schedule(Executor pool, Runnable work) {
    try {
      pool.execute(work);
    } catch (RejectedExecutionException stopped) {
      // The store closes its disks before its threads; this is for a caller that did not.
      broken = new IOException("the store is closed", stopped);
      Thread.ofVirtual().start(work);
    }
  }

  private void work() {
    List<Change> round = List.of();
    try {
      takeIn();
      round = takeRound();
      if (broken == null) {
        new Round(writer, noRoom).run(round, toSync);
        beginCheckpoint(!round.isEmpty());
        settle();
      }
    } catch (IOException failure) {
      LOG.error("an overlay is not written any more until it is reopened: {}", failure.toString());
      broken = failure;
    } catch (RuntimeException | Error bug) {
      LOG.error("an overlay is not written any more until it is reopened", bug);
      broken = new IOException("an error of ours: " + bug, bug);
    }
    IOException why = broken;
    if (why != null) {
      memory.close();
      fail(round, why);
      fail(toSync, why);
      toSync.clear();
    }
    synchronized (queue) {
      for (Change change : round.reversed()) {
        if (change instanceof Change.Discard && !change.ended()) {
          queue.addFirst(change); // a long one goes on
        }
      }
      starved &= why == null;
      relieve &= why == null;
      working = false;
      wake();
      queue.notifyAll();
    }
  }

  private static void fail(List<Change> changes, IOException why) {
    String message = "the disk can no longer be written: " + why.getMessage();
    changes.forEach(change -> change.end(new BlockIoException(Kind.WRITE_FAILED, message, why)));
  }

  /** Takes in what a checkpoint has done, if one has ended. */
  private void takeIn() throws IOException {
    Checkpoint done;
    IOException failure;
    synchronized (queue) {
      if (!checkpointEnded) {
        return;
      }
      done = checkpoint;
      failure = checkpointFailure;
      checkpoint = null;
      checkpointEnded = false;
      queue.notifyAll();
    }
    if (done == null) {
      return;
    }
    switch (failure) {
      case null -> writer.finish(done);
      case NoSpaceException full -> writer.takeBack(done);
      default -> throw failure;
    }
    memory.written(writer.held());
  }

  /** Says what is held after a round, and sees to it that it is not held for ever. */
  private void settle() {
    if (reserved) {
      memory.settle(writer.held());
      reserved = false;
    }
    if (alarm == null && writer.hasChanges()) {
      alarm = threads.later(this::relieve, overlay.map.memory().unwrittenSeconds);
    }
  }

  private void stopAlarm() {
    Future<?> set = alarm;
    alarm = null;
    if (set != null) {
      set.cancel(false);
    }
  }

  /**
   * Begins a checkpoint when somebody waits for one, or it is time. After one that had no space it
   * is time when there is work, or at the alarm: not over and over for nothing.
   */
  private void beginCheckpoint(boolean worked) {
    boolean asked;
    synchronized (queue) {
      if (checkpoint != null) {
        return; // its end brings somebody back, who sees to what is wanted now
      }
      asked = relieve;
      relieve = false;
    }
    boolean wanted = asked && writer.hasChanges();
    if (asked && !wanted) {
      stopAlarm();
      memory.written(writer.held());
    }
    boolean due = writer.wantsCheckpoint() && (worked || !writer.isCrowded());
    if (toSync.isEmpty() && !wanted && !due) {
      return;
    }
    stopAlarm();
    List<Change> waiting = List.copyOf(toSync);
    toSync.clear();
    Checkpoint next = writer.capture(waiting);
    if (next == null) {
      waiting.forEach(change -> change.end(null));
      return;
    }
    synchronized (queue) {
      checkpoint = next;
    }
    schedule(threads.syncers(), () -> run(next));
  }

  private void run(Checkpoint next) {
    IOException failure = broken;
    try {
      if (failure == null) {
        next.run();
        next.waiting.forEach(change -> change.end(null));
      }
    } catch (IOException failed) {
      failure = failed;
    } catch (RuntimeException | Error bug) {
      failure = new IOException("an error of ours: " + bug, bug);
    }
    if (failure instanceof NoSpaceException full) {
      var noMap =
          new BlockIoException(
              Kind.NO_SPACE, "no room for the disk's map: " + full.getMessage(), full);
      noRoom.tell(noMap);
      next.waiting.forEach(change -> change.end(noMap));
    } else if (failure != null) {
      broken = failure; // at once: no write may be acknowledged that a sync has lost
      fail(next.waiting, failure);
    }
    synchronized (queue) {
      checkpointFailure = failure;
      checkpointEnded = true;
      wake();
    }
  }

  private List<Change> takeRound() {
    List<Change> round = new ArrayList<>();
    long bytes = 0;
    synchronized (queue) {
      boolean full = checkpoint != null && !writer.hasRoom(true);
      if (broken == null && (full || starved)) {
        return round; // the checkpoint's end, or the grant, brings somebody back
      }
      while (round.size() < Limits.ROUND_OPERATIONS) {
        Change next = queue.peek();
        if (next == null || (bytes > 0 && bytes + next.bytes() > Limits.ROUND_BYTES)) {
          break;
        }
        bytes += next.bytes();
        round.add(queue.remove());
      }
    }
    return broken == null ? affordable(round) : round;
  }

  /** As much of a round as there is memory for; the rest goes back to where it was. */
  private List<Change> affordable(List<Change> round) {
    int clusterBits = overlay.header.clusterBits();
    long least = 0;
    long most = 0;
    for (Change change : round) {
      long need = change.heldBytes(clusterBits);
      least = least == 0 ? need : least;
      most += need;
    }
    if (most == 0) {
      return round;
    }
    synchronized (queue) {
      starved = true; // before it is asked for: a grant may come at once
    }
    long left = memory.take(least, most);
    reserved = left > 0;
    int count = 0;
    synchronized (queue) {
      starved &= left == 0;
      while (count < round.size() && round.get(count).heldBytes(clusterBits) <= left) {
        left -= round.get(count++).heldBytes(clusterBits);
      }
      for (Change change : round.subList(count, round.size()).reversed()) {
        queue.addFirst(change);
      }
    }
    return List.copyOf(round.subList(0, count));
  }

  @Override
  public void close() {
    synchronized (queue) {
      if (closed) {
        return;
      }
      closed = true;
      awaitIdle();
      finished = true;
    }
    stopAlarm();
    try {
      if (broken == null) {
        writer.closeCleanly();
      }
    } catch (IOException failed) {
      LOG.error("an overlay was closed and did not reach the disk: {}", failed.toString());
    } finally {
      memory.close();
      overlay.map.close();
      closeFiles();
      release.run();
    }
  }

  /** Waits until nobody works on the overlay any more; new work is refused already. */
  private void awaitIdle() {
    boolean interrupted = false;
    while (working || checkpoint != null || !queue.isEmpty()) {
      try {
        queue.wait();
      } catch (InterruptedException later) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void closeFiles() {
    try {
      writer.abandon();
      overlay.file.close();
    } catch (IOException failed) {
      LOG.error("an overlay's file did not close well: {}", failed.toString());
    }
  }

  private static BlockIoException closedFailure() {
    return new BlockIoException(Kind.CLOSED, "the disk is closed");
  }
}
