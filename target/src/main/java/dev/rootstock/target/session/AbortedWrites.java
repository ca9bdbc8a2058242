// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.command.Task;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.wire.Limits;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Aborted tasks of a session whose data may still come (RFC 7143 §4.2.3.3 a, §4.2.3.4 c). The data
 * are followed to their end without being kept, and without a Reject.
 *
 * <p>One whose initiator was told of its end keeps its tags until that is acknowledged (§4.2.3.4
 * g), and its place among the commands that the session may have: so their number has a bound. Of
 * the others there are as few as {@link Limits#ABORTED_WRITES}: the oldest is given up for a new
 * one.
 */
final class AbortedWrites {
  private final ArrayDeque<Task> tasks = new ArrayDeque<>();

  /** Those of them whose data functions wait for; the others are not expected to come. */
  private final Set<Task> awaited = new HashSet<>();

  private final List<DataWait> waits = new ArrayList<>();
  private final Consumer<Task> acknowledged;

  /** How many of them are to be acknowledged. */
  private int told;

  /**
   * Makes an empty set.
   *
   * @param acknowledged gets each task that was told of its end, when its tags are free
   */
  AbortedWrites(Consumer<Task> acknowledged) {
    this.acknowledged = acknowledged;
  }

  /** Takes a task that {@linkplain Task#awaitsData awaits data}. */
  void add(Task task) {
    if (task.isTerminationTold()) {
      told++;
    } else if (tasks.size() - told == Limits.ABORTED_WRITES) {
      remove(oldestUntold());
    }
    tasks.add(task);
    awaited.add(task);
  }

  private Task oldestUntold() {
    return tasks.stream().filter(task -> !task.isTerminationTold()).findFirst().orElseThrow();
  }

  private void remove(Task task) {
    tasks.remove(task);
    dataEnded(task);
    if (task.isTerminationTold()) {
      told--;
      acknowledged.accept(task);
    }
  }

  /** Whether one that came on a connection for immediate delivery is not acknowledged yet. */
  boolean hasImmediateOf(Connection from) {
    return told > 0
        && tasks.stream()
            .anyMatch(
                task -> task.isTerminationTold() && task.immediate() && task.isAllegiantTo(from));
  }

  /**
   * Drops data.
   *
   * @return 0, or the reason to reject the PDU with, if it is of none of these tasks
   */
  int dataOut(Connection from, DataOut pdu, boolean intact) {
    for (Task task : tasks) {
      if (task.itt() == pdu.itt() && task.isAllegiantTo(from)) {
        return dataOut(task, pdu, intact);
      }
    }
    return Reject.INVALID_PDU_FIELD;
  }

  private int dataOut(Task task, DataOut pdu, boolean intact) {
    int reason = task.dataOut(pdu, intact);
    if (!task.awaitsData()) {
      remove(task);
    }
    return reason;
  }

  /** Gives tasks up: data of them that come all the same are rejected. */
  void giveUp(Predicate<Task> which) {
    for (Task task : List.copyOf(tasks)) {
      if (which.test(task)) {
        remove(task);
      }
    }
  }

  /** Nobody waits for data of this task any more. */
  private void dataEnded(Task task) {
    if (awaited.remove(task)) {
      for (DataWait wait : List.copyOf(waits)) {
        wait.dataEnded(task);
      }
    }
  }

  /** Whether data are still waited for. */
  boolean areAwaited() {
    return !awaited.isEmpty();
  }

  /**
   * Waits for the data of the tasks that are here now.
   *
   * @param ended run once, when the last of them has come, or when they were given up
   */
  DataWait await(Runnable ended) {
    DataWait wait = new DataWait(ended);
    waits.add(wait);
    return wait;
  }

  /** A function's wait for data (RFC 7143 §4.2.3.3 a). */
  final class DataWait {
    private final Set<Task> missing = new HashSet<>(awaited);
    private final Runnable ended;

    private DataWait(Runnable ended) {
      this.ended = ended;
    }

    private void dataEnded(Task task) {
      if (missing.remove(task) && missing.isEmpty()) {
        waits.remove(this);
        ended.run();
      }
    }

    /** Waits no longer; should the data come all the same, they are dropped without a word. */
    void giveUp() {
      List.copyOf(missing).forEach(AbortedWrites.this::dataEnded);
    }
  }
}
