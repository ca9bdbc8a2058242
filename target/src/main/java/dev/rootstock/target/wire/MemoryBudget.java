// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wire;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that transfers of all sessions together may hold, counted exactly and before it is
 * allocated. Safe for all threads.
 *
 * <p>Who finds none left asks for a turn. Turns are given in the order of asking, one for each time
 * that memory comes back; so who gives memory back does not get it again before the others.
 */
public final class MemoryBudget {
  private final long limit;
  private final long reserve;
  private final AtomicLong taken = new AtomicLong();
  private final Queue<Runnable> turns = new ConcurrentLinkedQueue<>();
  private final Queue<Runnable> firstTurns = new ConcurrentLinkedQueue<>();

  /**
   * Makes a budget of which nothing is taken, without a reserve.
   *
   * @param limit in bytes; the last one who takes may go beyond it, others then wait
   */
  public MemoryBudget(long limit) {
    this(limit, 0);
  }

  /**
   * Makes a budget of which nothing is taken.
   *
   * @param limit in bytes; the last one who takes may go beyond it, others then wait
   * @param reserve bytes beyond the limit for those who hold nothing: so that who holds much and
   *     does not give it back does not keep everybody else from taking anything
   */
  public MemoryBudget(long limit, long reserve) {
    this.limit = limit;
    this.reserve = reserve;
  }

  /** In bytes, without the reserve. */
  public long limit() {
    return limit;
  }

  /** Takes some bytes, if the limit has not been reached. */
  public boolean tryTake(int bytes) {
    return tryTake(bytes, limit);
  }

  /** The same, out of the reserve too: for those who hold nothing and want little. */
  public boolean tryTakeFirst(int bytes) {
    return tryTake(bytes, limit + reserve);
  }

  private boolean tryTake(int bytes, long upTo) {
    long now = taken.get();
    while (now < upTo) {
      if (taken.compareAndSet(now, now + bytes)) {
        return true;
      }
      now = taken.get();
    }
    return false;
  }

  /** Gives bytes back, and the next turn. */
  public void give(long bytes) {
    taken.addAndGet(-bytes);
    passOn();
  }

  /** Takes some bytes in any case: those of what is counted nearly whole already. */
  public void take(int bytes) {
    taken.addAndGet(bytes);
  }

  /** Bytes that are taken now. */
  public long taken() {
    return taken.get();
  }

  /**
   * Asks for a turn.
   *
   * @param turn run once, on any thread and perhaps at once; it must hand over to its owner's loop,
   *     try {@link #tryTake} there, and call {@link #passOn} afterwards
   */
  public void ask(Runnable turn) {
    turns.add(turn);
    passOn();
  }

  /** Asks for a turn to {@link #tryTakeFirst}. */
  public void askFirst(Runnable turn) {
    firstTurns.add(turn);
    passOn();
  }

  /** Takes a question back. */
  public void forget(Runnable turn) {
    turns.remove(turn);
    firstTurns.remove(turn);
  }

  /** Gives the next turn, if there is something to take. Who holds nothing comes first. */
  public void passOn() {
    long now = taken.get();
    Runnable next = now < limit + reserve ? firstTurns.poll() : null;
    if (next == null && now < limit) {
      next = turns.poll();
    }
    if (next != null) {
      next.run();
    }
  }
}
