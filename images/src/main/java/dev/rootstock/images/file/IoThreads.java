// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.file;

import dev.rootstock.images.Limits;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The few threads that wait for disks on behalf of all. Readers, writers and syncs are apart, so
 * that neither a read nor a write ever stands behind a sync. Threads come with work and go when
 * idle.
 */
public final class IoThreads implements AutoCloseable {
  private static final long IDLE_SECONDS = 10;
  private static final long CLOSE_SECONDS = 60;

  private final ThreadPoolExecutor readers;
  private final ThreadPoolExecutor writers;
  private final ThreadPoolExecutor syncers;
  private final ScheduledThreadPoolExecutor clock;

  public IoThreads() {
    readers =
        pool("images-read-", Limits.READ_THREADS, new ArrayBlockingQueue<>(Limits.QUEUED_READS));
    // Holds one entry for each overlay that has work, never one for each write.
    writers = pool("images-write-", Limits.WRITE_THREADS, new LinkedBlockingQueue<>());
    syncers = pool("images-sync-", Limits.SYNC_THREADS, new LinkedBlockingQueue<>());
    clock = new ScheduledThreadPoolExecutor(1, work -> daemon(work, "images-clock"));
    clock.setRemoveOnCancelPolicy(true);
    clock.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  private static Thread daemon(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  private static ThreadPoolExecutor pool(String name, int threads, BlockingQueue<Runnable> queue) {
    AtomicInteger number = new AtomicInteger();
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            queue,
            work -> daemon(work, name + number.incrementAndGet()));
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /**
   * Runs a read.
   *
   * @return false when {@link Limits#QUEUED_READS} are waiting already, or after {@link #close}
   */
  public boolean read(Runnable work) {
    try {
      readers.execute(work);
      return true;
    } catch (RejectedExecutionException full) {
      return false;
    }
  }

  /** Runs rounds of writing; one entry for each overlay, so it needs no bound of its own. */
  public Executor writers() {
    return writers;
  }

  /** Runs syncs; one entry for each overlay at the most. They wait for disks for long. */
  public Executor syncers() {
    return syncers;
  }

  /**
   * Runs something short later, unless the threads are closed by then.
   *
   * @return what cancels it; null after {@link #close}
   */
  public @Nullable Future<?> later(Runnable work, long seconds) {
    try {
      return clock.schedule(work, seconds, TimeUnit.SECONDS);
    } catch (RejectedExecutionException closed) {
      return null;
    }
  }

  /** Lets what was begun end. Nobody is interrupted: that would close files under their readers. */
  @Override
  public void close() {
    clock.shutdown();
    readers.shutdown();
    writers.shutdown();
    syncers.shutdown();
    try {
      boolean ended =
          readers.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)
              && writers.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)
              && syncers.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
      if (!ended) {
        throw new IllegalStateException("a disk has not answered for " + CLOSE_SECONDS + " s");
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
