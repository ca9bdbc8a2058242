// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.command.Task;
import dev.rootstock.target.wire.Limits;
import dev.rootstock.target.wire.MemoryBudget;
import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.function.BooleanSupplier;

/**
 * What the transfers of one session hold of the server's memory, and the tasks that wait for more.
 * On the session's event loop.
 *
 * <p>A session has its own limit, which one that holds nothing does not meet, and the server's.
 * Where that one is met it asks for a turn. For a session that holds nothing the server has a
 * reserve, of {@link Limits#FIRST_BYTES} at a time, so that none stands still because others keep
 * what they have; and what all hold together has an end even so.
 */
final class SessionMemory {
  private final MemoryBudget budget;
  private final EventLoop loop;
  private final BooleanSupplier open;
  private final ArrayDeque<Task> waiting = new ArrayDeque<>();
  private final Runnable turn;
  private int reserved;

  /** Whether it was this session's own limit that the last reservation met. */
  private boolean ownLimit;

  /** Whether the last reservation might have come out of the reserve. */
  private boolean first;

  private boolean turnAsked;

  /**
   * Makes the memory of a session that holds nothing.
   *
   * @param open whether tasks may still go on
   */
  SessionMemory(MemoryBudget budget, EventLoop loop, BooleanSupplier open) {
    this.budget = budget;
    this.loop = loop;
    this.open = open;
    this.turn = () -> loop.execute(this::takeTurn);
  }

  /** The server's, for what a connection is sending. */
  MemoryBudget budget() {
    return budget;
  }

  /** Memory for a transfer. */
  boolean reserve(int bytes) {
    ownLimit = reserved > 0 && reserved + (long) bytes > Limits.SESSION_BYTES;
    if (ownLimit) {
      return false;
    }
    first = reserved == 0 && bytes <= Limits.FIRST_BYTES;
    if (!(first ? budget.tryTakeFirst(bytes) : budget.tryTake(bytes))) {
      return false;
    }
    reserved += bytes;
    return true;
  }

  void unreserve(int bytes) {
    // Others who wait come first.
    budget.give(bytes);
    freed(bytes);
  }

  /** The session holds less; what it waits for may go on. */
  void freed(int bytes) {
    reserved -= bytes;
    if (reserved == 0 && !waiting.isEmpty()) {
      loop.execute(this::takeTurn);
    } else {
      askForTurn();
    }
  }

  void await(Task task) {
    waiting.add(task);
    if (!ownLimit) {
      askForTurn();
    }
  }

  /** Takes a task out of the queue that was aborted. */
  void forget(Task task) {
    waiting.remove(task);
  }

  private void askForTurn() {
    if (!turnAsked && !waiting.isEmpty()) {
      turnAsked = true;
      if (first) {
        budget.askFirst(turn);
      } else {
        budget.ask(turn);
      }
    }
  }

  /** Lets one task try; if it finds no memory it goes to the end of the queue. */
  private void takeTurn() {
    turnAsked = false;
    Task next = open.getAsBoolean() ? waiting.poll() : null;
    if (next != null) {
      next.resume();
      if (!ownLimit) {
        askForTurn();
      }
    }
    budget.passOn();
  }

  /** Nobody waits any more; what is reserved comes back by itself. */
  void close() {
    waiting.clear();
    budget.forget(turn);
  }
}
