// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.BlockIoException.Kind;
import dev.rootstock.images.block.Extent;
import dev.rootstock.images.file.NoSpaceException;
import dev.rootstock.images.golden.LayerWriter;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * A copy of a client's disk as it is at one moment, taken while the client goes on writing.
 *
 * <p>From that moment on, what is about to change is copied first: a write waits until the clusters
 * that it touches are in the copy. Meanwhile the copier goes through the disk from its beginning,
 * and takes what nobody has taken yet. So the copy holds every write that had been acknowledged
 * before the moment and none that began after it; {@link CopyableDevice} lets the moment come when
 * none is under way. It costs the client one read and one write the first time that it overwrites a
 * cluster, and leaves its overlay as it is.
 *
 * <p>Only what stands in the overlay is copied; the rest is the golden version's and never changes.
 * A copy that fails (a full file system) lets the client's writes go on and fails alone.
 */
final class MomentCopy {
  private static final int CLUSTER = LayerWriter.CLUSTER;

  /** Stretches whose map is brought into memory at a time, by reading a block of each. */
  private static final long STRETCH = 256L << 20;

  /** In {@link #urgent}: look whether what you wait for has happened. */
  private static final int WAKE = -1;

  private static final long FIRST_PAUSE_MILLIS = 1;
  private static final long LONGEST_PAUSE_MILLIS = 64;

  /** What the copier reads: fencing and closing wait for it. */
  private final BlockDevice leased;

  /** The same disk, for reads within a change, which the lease counts already. */
  private final BlockDevice inner;

  /** Guards {@link #ended}, and itself. */
  private final LayerWriter to;

  private final long size;
  private final Duration patience;

  /**
   * Clusters that changes wait for and whose read the disk was too busy for. There are no more of
   * them than changes that the disk admits.
   */
  private final BlockingQueue<Integer> urgent = new LinkedBlockingQueue<>();

  /** Clusters that are in the copy or need not be. Guards everything below, and itself. */
  private final BitSet done = new BitSet();

  /** Clusters that somebody is copying, with who waits for them. */
  private final Map<Integer, List<Runnable>> busy = new HashMap<>();

  private @Nullable IOException failure;
  private boolean ended;

  MomentCopy(BlockDevice leased, BlockDevice inner, LayerWriter to) {
    this(leased, inner, to, Duration.ofSeconds(Limits.BUSY_COPY_SECONDS));
  }

  /** The same that waits so long for one read of a disk that is busy. */
  MomentCopy(BlockDevice leased, BlockDevice inner, LayerWriter to, Duration patience) {
    this.patience = patience;
    this.leased = leased;
    this.inner = inner;
    this.to = to;
    this.size = inner.geometry().sizeBytes();
  }

  // ---- the client's side

  /** Runs {@code then} when the copy has what a change of this range would overwrite. */
  void before(long offset, long length, Runnable then) {
    if (length > 0) {
      new Change((int) (offset / CLUSTER), (int) ((offset + length - 1) / CLUSTER), then).goOn();
    } else {
      then.run();
    }
  }

  /** A change that waits, one cluster after the other. */
  private final class Change {
    private final int last;
    private final Runnable then;
    private int next;
    private boolean running;
    private boolean again;

    Change(int first, int last, Runnable then) {
      this.next = first;
      this.last = last;
      this.then = then;
    }

    /** Called again by whoever completes what it waits for, perhaps within this very call. */
    void goOn() {
      synchronized (this) {
        if (running) {
          again = true;
          return;
        }
        running = true;
      }
      while (step()) {
        // until it has to wait, or is through
      }
    }

    private boolean step() {
      while (next <= last) {
        switch (claim(next, this::goOn)) {
          case TAKEN -> {
            return paused();
          }
          case MINE -> {
            copyLater(next, this::goOn);
            return paused();
          }
          case DONE -> next++;
        }
      }
      then.run();
      return false;
    }

    /** Whether what it waits for has happened already. */
    private synchronized boolean paused() {
      running = again;
      again = false;
      return running;
    }
  }

  private enum Claim {
    /** The caller has to copy the cluster. */
    MINE,
    /** Somebody copies it, and tells the caller in the end. */
    TAKEN,
    /** It is in the copy, or the copy has failed. */
    DONE
  }

  private Claim claim(int cluster, Runnable told) {
    synchronized (done) {
      if (done.get(cluster) || failure != null) {
        return Claim.DONE;
      }
      List<Runnable> waiting = busy.get(cluster);
      if (waiting != null) {
        waiting.add(told);
        return Claim.TAKEN;
      }
      busy.put(cluster, new ArrayList<>());
      return Claim.MINE;
    }
  }

  private void copyLater(int cluster, Runnable told) {
    if (claim(cluster, told) == Claim.DONE) {
      told.run(); // the copy has failed meanwhile
      return;
    }
    if (isGolden(inner, cluster)) {
      finished(cluster, null);
      return;
    }
    ByteBuffer content = buffer(cluster);
    inner.read(
        (long) cluster * CLUSTER,
        content,
        unreadable -> {
          if (unreadable == null) {
            finished(cluster, put(cluster, content.flip()));
          } else if (unreadable.kind() == Kind.BUSY) {
            urgent.add(cluster); // the copier may wait, and does it next
          } else {
            finished(cluster, unreadable);
          }
        });
  }

  // ---- the copier's side

  /** Copies the whole disk; blocks. */
  void run(Progress progress) throws IOException {
    ProgressClock clock = new ProgressClock(progress, size);
    long clusters = Math.ceilDiv(size, CLUSTER);
    for (int cluster = 0; cluster < clusters; cluster++) {
      if ((long) cluster * CLUSTER % STRETCH == 0) {
        read((long) cluster * CLUSTER, ByteBuffer.allocateDirect(512));
      }
      copyUrgent();
      copyNow(cluster);
      clock.at(Math.min(size, (cluster + 1L) * CLUSTER));
      if (Thread.currentThread().isInterrupted()) {
        throw new InterruptedIOException("interrupted");
      }
    }
  }

  /** Copies what changes wait for and could not copy themselves. */
  private void copyUrgent() {
    Integer cluster = urgent.poll();
    while (cluster != null) {
      takeOver(cluster);
      cluster = urgent.poll();
    }
  }

  private void takeOver(int cluster) {
    if (cluster != WAKE) {
      finished(cluster, copied(cluster));
    }
  }

  /** Waits until somebody else has copied a cluster, who may want us to. */
  private void awaitOther(CompletableFuture<@Nullable Void> other) throws InterruptedIOException {
    while (!other.isDone()) {
      try {
        takeOver(urgent.take());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted");
      }
    }
  }

  private void copyNow(int cluster) throws IOException {
    CompletableFuture<@Nullable Void> other = new CompletableFuture<>();
    Runnable told =
        () -> {
          other.complete(null);
          urgent.add(WAKE);
        };
    switch (claim(cluster, told)) {
      case TAKEN -> awaitOther(other);
      case MINE -> finished(cluster, copied(cluster));
      case DONE -> {}
    }
    synchronized (done) {
      if (failure != null) {
        throw failure instanceof NoSpaceException
            ? failure
            : new IOException(failure.getMessage(), failure);
      }
    }
  }

  private @Nullable IOException copied(int cluster) {
    if (isGolden(leased, cluster)) {
      return null;
    }
    try {
      ByteBuffer content = buffer(cluster);
      read((long) cluster * CLUSTER, content);
      return put(cluster, content.flip());
    } catch (IOException unreadable) {
      return unreadable;
    }
  }

  /** Lets every write go on, whatever is in the copy. */
  void giveUp(IOException why) {
    synchronized (to) {
      ended = true; // its file may be closed from now on
    }
    List<Runnable> waiting = new ArrayList<>();
    synchronized (done) {
      if (failure == null) {
        failure = why;
      }
      busy.values().forEach(waiting::addAll);
      busy.clear();
    }
    waiting.forEach(Runnable::run);
  }

  /** Reads, and waits for its turn where the disk has too many reads already. */
  private void read(long offset, ByteBuffer into) throws IOException {
    int start = into.position();
    long begun = System.nanoTime();
    long pause = FIRST_PAUSE_MILLIS;
    while (true) {
      CompletableFuture<@Nullable BlockIoException> read = new CompletableFuture<>();
      leased.read(offset, into, read::complete);
      BlockIoException unreadable = read.join();
      if (unreadable == null) {
        return;
      }
      if (unreadable.kind() != Kind.BUSY) {
        throw unreadable;
      }
      if (System.nanoTime() - begun > patience.toNanos()) {
        throw new IOException(
            "the disk has had too many reads waiting for %d s; try again when it is less busy"
                .formatted(patience.toSeconds()),
            unreadable);
      }
      into.position(start);
      try {
        Thread.sleep(pause);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted");
      }
      pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
    }
  }

  // ---- both

  /** Whether all of a cluster is seen to be the golden version's. */
  private boolean isGolden(BlockDevice disk, int cluster) {
    long at = (long) cluster * CLUSTER;
    return disk.extents(at, Math.min(CLUSTER, size - at)).stream()
        .allMatch(Extent.Immutable.class::isInstance);
  }

  private ByteBuffer buffer(int cluster) {
    return ByteBuffer.allocateDirect((int) Math.min(CLUSTER, size - (long) cluster * CLUSTER));
  }

  private @Nullable IOException put(int cluster, ByteBuffer content) {
    try {
      synchronized (to) {
        if (ended) {
          return null;
        }
        if (SparseCopy.isZero(content)) {
          to.zero(cluster);
        } else {
          to.data(cluster, content);
        }
      }
      return null;
    } catch (IOException failed) {
      return failed;
    }
  }

  private void finished(int cluster, @Nullable IOException failed) {
    if (failed != null) {
      giveUp(failed);
      return;
    }
    List<Runnable> waiting;
    synchronized (done) {
      done.set(cluster);
      waiting = busy.remove(cluster);
    }
    if (waiting != null) {
      waiting.forEach(Runnable::run);
    }
  }
}
