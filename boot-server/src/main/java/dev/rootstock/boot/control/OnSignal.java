// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import dev.rootstock.boot.Limits;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * While this is open a signal that ends the process interrupts the thread that made it, and waits a
 * while until that has undone what it began: an import that is given up leaves nothing behind.
 */
final class OnSignal implements AutoCloseable {
  private final Thread worker = Thread.currentThread();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread hook = new Thread(this::stop, "on-signal");

  OnSignal() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void stop() {
    worker.interrupt();
    try {
      if (!ended.await(Limits.CONTROL_STOP_TIME.toMillis(), TimeUnit.MILLISECONDS)) {
        System.err.println("what was begun did not end in time: the next start undoes it");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    ended.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException ending) {
      // The signal was faster.
    }
  }
}
