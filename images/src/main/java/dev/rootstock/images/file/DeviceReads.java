// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.file;

import dev.rootstock.images.Limits;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One disk's share of the threads that wait for reads: a disk that is asked for more than it can
 * read stands in its own way, not in that of others.
 */
public final class DeviceReads {
  private final IoThreads threads;
  private final AtomicInteger waiting = new AtomicInteger();

  public DeviceReads(IoThreads threads) {
    this.threads = threads;
  }

  /**
   * Runs a read on a thread that may wait.
   *
   * @return false when {@link Limits#QUEUED_READS_OF_A_DISK} of this disk, or {@link
   *     Limits#QUEUED_READS} of all, are waiting already
   */
  public boolean submit(Runnable read) {
    if (waiting.incrementAndGet() <= Limits.QUEUED_READS_OF_A_DISK
        && threads.read(() -> run(read))) {
      return true;
    }
    waiting.decrementAndGet();
    return false;
  }

  private void run(Runnable read) {
    waiting.decrementAndGet(); // before it tells its end, for then the next one may come
    read.run();
  }
}
