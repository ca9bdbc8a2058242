// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.command.Task;
import dev.rootstock.target.scsi.Lun;
import dev.rootstock.target.scsi.Nexus;
import dev.rootstock.target.scsi.Sense;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Ends tasks of a session before they are done: for a task management function, a lost or leaving
 * connection, or another session. On the session's loop.
 */
final class TaskTermination {
  private final Session session;
  private final TaskSet tasks;

  TaskTermination(Session session, TaskSet tasks) {
    this.session = session;
    this.tasks = tasks;
  }

  /** The LUN fields of the tasks that something holds for. */
  Set<Long> unitsOf(Predicate<Task> which) {
    return tasks.units(which);
  }

  /** A connection is told that tasks are about to end, by the message of a number. */
  void terminationTold(Predicate<Task> which, int statSn) {
    tasks.terminationTold(which, statSn);
  }

  /** Ends tasks without a word. */
  void abort(Predicate<Task> which, Runnable atRest) {
    abort(which, _ -> false, atRest);
  }

  /**
   * Ends tasks at the wish of another session: with TASK ABORTED where the unit says so (SAM-5
   * §5.3.1; SPC-4, TAS), else without a word.
   */
  void abortForAnother(Predicate<Task> which, Runnable atRest) {
    abort(which, this::tellsAborted, atRest);
  }

  /** PREEMPT AND ABORT by another session, for a unit. */
  void preempt(int lun, Runnable atRest) {
    abortForAnother(task -> isPreempted(task, lun), atRest);
  }

  /**
   * Whether a PREEMPT AND ABORT for a unit ends a task; if so, and if nothing else does, tells it.
   */
  private boolean isPreempted(Task task, int lun) {
    boolean preempted = Lun.number(task.lun()) == lun;
    Nexus own = session.nexus();
    if (preempted && own != null && !tellsAborted(task)) {
      own.attention(lun, Sense.CLEARED_BY_ANOTHER);
    }
    return preempted;
  }

  boolean tellsAborted(Task task) {
    Nexus own = session.nexus();
    return own != null && own.tellsAborted(Lun.number(task.lun()));
  }

  private void abort(Predicate<Task> which, Predicate<Task> told, Runnable atRest) {
    Countdown rest =
        new Countdown(
            () -> {
              atRest.run();
              // What is sent in this turn may carry it.
              session.loop().execute(this::tellOfWindow);
            });
    rest.expect(tasks.abort(which, told, rest::ended));
    rest.begin();
  }

  /** Tells of commands that may be sent and of which no response tells (RFC 7143 §11.19). */
  void tellOfWindow() {
    if (!session.isOpen() || !session.delivery().window().hasOpened(tasks.numbered())) {
      return;
    }
    for (Connection connection : session.connections().live()) {
      if (connection.answersPings()) {
        connection.tellNumbers();
        return;
      }
    }
  }
}
