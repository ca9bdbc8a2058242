// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs what is put into it one after the other, on threads that it shares with others, one task at
 * a turn so that no mailbox starves another.
 */
final class Mailbox {
  private static final Logger log = LoggerFactory.getLogger(Mailbox.class);

  private final Executor threads;
  private final Deque<Runnable> tasks = new ArrayDeque<>();
  private boolean running;

  Mailbox(Executor threads) {
    this.threads = threads;
  }

  /**
   * Puts in what the network asks for.
   *
   * @return false when {@link BootLimits#MAILBOX} tasks wait already; it will not run then
   */
  boolean offer(Runnable task) {
    return put(task, BootLimits.MAILBOX);
  }

  /** Puts in what must run; there are no more of these than effects and sessions. */
  void put(Runnable task) {
    put(task, Integer.MAX_VALUE);
  }

  private synchronized boolean put(Runnable task, int most) {
    if (tasks.size() >= most) {
      return false;
    }
    tasks.addLast(task);
    if (!running) {
      running = true;
      turn();
    }
    return true;
  }

  private void turn() {
    try {
      threads.execute(this::runOne);
    } catch (RejectedExecutionException e) {
      // The server stops: nobody waits for an answer any more.
      tasks.clear();
    }
  }

  private void runOne() {
    Runnable task;
    synchronized (this) {
      task = tasks.removeFirst();
    }
    try {
      task.run();
    } catch (Throwable e) {
      // An error too: a mailbox that stopped would never answer its client again.
      log.error("a client's boot could not be handled", e);
    }
    synchronized (this) {
      if (tasks.isEmpty()) {
        running = false;
      } else {
        turn();
      }
    }
  }
}
