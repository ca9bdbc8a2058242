// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.command.Task;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.wire.Limits;
import io.netty.util.collection.IntObjectHashMap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The SCSI commands of a session that are in progress, and which of them may run (SAM-5 §8).
 *
 * <p>Simple tasks run at once and in any order. An ordered one waits until all older ones are over,
 * and all younger ones wait for it. A task with head of queue waits for nobody. The order holds for
 * the session as a whole, which has one logical unit nearly always.
 */
final class TaskSet {
  private final IntObjectHashMap<Task> tasks = new IntObjectHashMap<>();
  private final ArrayDeque<Task> waiting = new ArrayDeque<>();
  private final AbortedWrites aborted = new AbortedWrites(this::countOut);
  private int numbered;
  private int immediate;
  private int running;

  /** How many fences are up: no task starts. */
  private int held;

  /** The ordered task that runs, if one does. */
  private @Nullable Task ordered;

  /**
   * Tasks that the command window has let in and that are not over, or whose end is to be
   * acknowledged (RFC 7143 §4.2.3.4 g).
   */
  int numbered() {
    return numbered;
  }

  /**
   * Whether one more command for immediate delivery is too many. One of each connection never is
   * (RFC 7143 §4.2.2.1).
   */
  boolean tooManyImmediate(Connection from) {
    return immediate >= Limits.IMMEDIATE_COMMANDS
        && (aborted.hasImmediateOf(from)
            || tasks.values().stream()
                .anyMatch(task -> task.immediate() && task.isAllegiantTo(from)));
  }

  boolean contains(int itt) {
    return tasks.containsKey(itt);
  }

  @Nullable Task get(int itt) {
    return tasks.get(itt);
  }

  /** Takes a task, and starts it if its turn is now. */
  void add(Task task) {
    if (!mayRun(task)) {
      register(task);
      waiting.add(task);
      return;
    }
    if (task.attribute() == ScsiCommand.ORDERED) {
      // Registered first: what it blocks has to see it.
      register(task);
      run(task);
      return;
    }
    // The hot path: a read that ends within start() is never registered.
    task.start();
    if (!task.isOver()) {
      register(task);
      running++;
    }
  }

  /** No task starts until as many calls of {@link #letGo}. */
  void hold() {
    held++;
  }

  /** What waited is started by {@link #startWaiting}. */
  void letGo() {
    held--;
  }

  boolean isHeld() {
    return held > 0;
  }

  /** Starts one of the tasks that wait, whatever holds the others; unless it is over. */
  void startHeld(Task task) {
    if (waiting.remove(task)) {
      run(task);
    }
  }

  /** Tasks that have been started and are not over. */
  int running() {
    return running;
  }

  private boolean mayRun(Task task) {
    if (held > 0) {
      return false;
    }
    return switch (task.attribute()) {
      case ScsiCommand.HEAD_OF_QUEUE -> true;
      case ScsiCommand.ORDERED -> running == 0 && waiting.isEmpty();
      default -> ordered == null && waiting.isEmpty();
    };
  }

  private void register(Task task) {
    if (tasks.putIfAbsent(task.itt(), task) != null) {
      throw new IllegalStateException("two tasks with tag " + task.itt());
    }
    if (task.immediate()) {
      immediate++;
    } else {
      numbered++;
    }
  }

  private void run(Task task) {
    running++;
    if (task.attribute() == ScsiCommand.ORDERED) {
      ordered = task;
    }
    task.start();
  }

  /**
   * Counts a task out that is over. Nothing is started here: the caller may be in the midst of the
   * task's last PDU. What waited for it is started by {@link #startWaiting}.
   */
  void over(Task task) {
    if (tasks.get(task.itt()) != task) {
      return;
    }
    tasks.remove(task.itt());
    if (!waiting.remove(task)) {
      running--;
    }
    if (task == ordered) {
      ordered = null;
    }
    if (!task.awaitsData()) {
      countOut(task);
      return;
    }
    if (!task.isTerminationTold()) {
      countOut(task);
    }
    aborted.add(task);
  }

  private void countOut(Task task) {
    if (task.immediate()) {
      immediate--;
    } else {
      numbered--;
    }
  }

  /** Whether {@link #startWaiting} has something to do. */
  boolean mayStartWaiting() {
    Task next = waiting.peek();
    return next != null
        && held == 0
        && ordered == null
        && (running == 0 || next.attribute() != ScsiCommand.ORDERED);
  }

  /** Starts the tasks whose turn has come; no PDU may be half written. */
  void startWaiting() {
    while (mayStartWaiting()) {
      run(waiting.remove());
    }
  }

  /**
   * Gives data to their task, which must be allegiant to the connection that they came on (RFC 7143
   * §4.2.5.1).
   *
   * @param intact whether they are what their digest says
   * @return 0, or the reason to reject the PDU with
   */
  int dataOut(Connection from, DataOut pdu, boolean intact) {
    Task task = tasks.get(pdu.itt());
    if (task != null) {
      return task.isAllegiantTo(from) ? task.dataOut(pdu, intact) : Reject.INVALID_PDU_FIELD;
    }
    return aborted.dataOut(from, pdu, intact);
  }

  /**
   * The connection of tasks is told that they are about to end (RFC 7143 §11.9.1), which it will
   * acknowledge.
   *
   * @param statSn of the message that tells it
   */
  void terminationTold(Predicate<Task> which, int statSn) {
    for (Task task : tasks.values()) {
      if (which.test(task)) {
        task.terminationTold(statSn);
      }
    }
  }

  /**
   * The end of a unit's tasks has been acknowledged on a connection: no more data of them come on
   * it, and their Target Transfer Tags are free (RFC 7143 §4.2.3.4 g).
   *
   * @param expStatSn what the acknowledgement says has arrived
   */
  void terminationAcknowledged(Connection from, long lun, int expStatSn) {
    freeTransferTags(
        task ->
            task.isAllegiantTo(from)
                && task.lun() == lun
                && task.isTerminationAcknowledgedBy(expStatSn));
  }

  /** A connection is gone: no data come on it, and nothing is acknowledged. */
  void connectionGone(Connection gone) {
    freeTransferTags(
        task -> task.isTerminationTold() && task.isAborted() && task.isAllegiantTo(gone));
  }

  private void freeTransferTags(Predicate<Task> concerned) {
    for (Task task : tasks.values()) {
      if (concerned.test(task)) {
        // Aborted, and not at rest yet.
        task.freeTransferTags();
      }
    }
    aborted.giveUp(concerned);
  }

  /** Aborted tasks whose data may still come. */
  AbortedWrites aborted() {
    return aborted;
  }

  /** The LUN fields of the tasks that something holds for. */
  Set<Long> units(Predicate<Task> which) {
    Set<Long> luns = new HashSet<>();
    for (Task task : tasks.values()) {
      if (which.test(task)) {
        luns.add(task.lun());
      }
    }
    return luns;
  }

  /**
   * Aborts tasks.
   *
   * @param which tells them
   * @param told tells those of them whose initiator gets a status
   * @param each called for each when it has come to rest
   * @return how many there are
   */
  int abort(Predicate<Task> which, Predicate<Task> told, Runnable each) {
    List<Task> affected = new ArrayList<>();
    for (Task task : tasks.values()) {
      if (which.test(task)) {
        affected.add(task);
      }
    }
    // Not to be started by the end of another one.
    waiting.removeIf(
        task -> {
          boolean gone = affected.contains(task);
          running += gone ? 1 : 0;
          return gone;
        });
    for (Task task : affected) {
      if (told.test(task)) {
        task.abortTold(each);
      } else {
        task.abort(each);
      }
    }
    return affected.size();
  }
}
