// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.command.Task;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.SerialNumber;
import dev.rootstock.target.scsi.Plan;
import dev.rootstock.target.scsi.ScsiStatus;
import dev.rootstock.target.scsi.Sense;
import dev.rootstock.target.session.SessionParameters.TaskReporting;
import dev.rootstock.target.wire.Limits;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a response in order with those of other connections (RFC 7143 §4.2.2.3, §11.6.1).
 *
 * <p>While the fence is up no task starts. What was answered before it must be acknowledged on
 * every connection, and what runs must be over, before the response that it is for is sent; and
 * that one must be acknowledged before anything else is answered, if the initiator has asked for
 * fences (§13.23). An initiator that does not acknowledge, and a command that does not end, are
 * waited for no longer than {@link Limits#FENCE_MILLIS}.
 *
 * <p>So it is with the functions that act on several tasks. A command whose response is fenced runs
 * alone: when everything before it is answered and acknowledged, and before anything behind it.
 *
 * <p>With one connection responses are in order by themselves: then the fence is never up.
 */
final class ResponseFence {
  private final Session session;
  private final TaskSet tasks;
  private final List<Settling> settlings = new ArrayList<>();

  /** Commands whose responses are fenced, and that are not over. */
  private final List<Task> fenced = new ArrayList<>();

  /** Responses that came while the fence was up (§4.2.2.3.3 d). */
  private final List<Runnable> behind = new ArrayList<>();

  /** Whether the next command is the first one after another session has ended tasks here. */
  private boolean guardsNext;

  /** A connection, and the status number from which on it is of no interest here. */
  private record Mark(Connection connection, int statSn) {

    boolean acknowledged() {
      return connection.isLeaving() || !SerialNumber.before(connection.acknowledged(), statSn);
    }
  }

  /** Somebody who waits. */
  private final class Settling {
    private final Runnable then;

    /** What has been sent by the time that nothing runs any more. */
    private @Nullable List<Mark> marks;

    Settling(Runnable then) {
      this.then = then;
    }

    boolean settled() {
      if (marks == null && tasks.running() == 0) {
        marks = unacknowledged();
      }
      List<Mark> all = marks;
      return all != null && tasks.running() == 0 && all.stream().allMatch(Mark::acknowledged);
    }

    void end() {
      if (settlings.remove(this)) {
        then.run();
      }
    }
  }

  ResponseFence(Session session, TaskSet tasks) {
    this.session = session;
    this.tasks = tasks;
  }

  /**
   * Puts the fence up, where one is needed.
   *
   * @return whether it is up, to be taken down by {@link #lower}
   */
  boolean raise() {
    if (session.connections().live().size() < 2) {
      return false;
    }
    tasks.hold();
    return true;
  }

  /** Takes the fence down; what was answered meanwhile is sent, tasks that have come start. */
  void lower() {
    tasks.letGo();
    if (!isUp()) {
      List<Runnable> responses = List.copyOf(behind);
      behind.clear();
      responses.forEach(Runnable::run);
    }
    session.startWaitingSoon();
  }

  boolean isUp() {
    return tasks.isHeld();
  }

  /** Sends a response when the fence is down, which it is not. */
  void defer(Runnable response) {
    behind.add(response);
  }

  /** Waits until nothing runs, and everything is acknowledged that has been sent by then. */
  void settle(Runnable then) {
    Settling settling = new Settling(then);
    settlings.add(settling);
    if (settling.settled()) {
      settling.end();
    } else {
      session.schedule(settling::end, session.sessions().waits().fence(), TimeUnit.MILLISECONDS);
    }
  }

  private List<Mark> unacknowledged() {
    List<Mark> marks = new ArrayList<>();
    for (Connection connection : session.connections().live()) {
      Mark mark = new Mark(connection, connection.nextStatSn());
      if (!mark.acknowledged()) {
        marks.add(mark);
        if (connection.answersPings()) {
          // Its answer will carry an ExpStatSN.
          connection.ping();
        }
      }
    }
    return marks;
  }

  /**
   * Another session ends tasks of this one: the first response after that is fenced (§4.2.3.3 e).
   */
  void guardNext() {
    guardsNext = true;
  }

  /** Whether the response to a command is fenced (§4.2.2.3.4), where fences were asked for. */
  boolean guards(ScsiCommand command, Plan plan) {
    if (session.agreed().reporting() == TaskReporting.RFC3720
        || session.connections().live().size() < 2) {
      return false;
    }
    boolean first = guardsNext;
    guardsNext = false;
    return first || isAttention(plan) || isPreemptAndAbort(command.cdbHigh());
  }

  private static boolean isAttention(Plan plan) {
    return plan instanceof Plan.Fail(ScsiStatus _, Sense sense)
        && sense != null
        && sense.isAttention();
  }

  /** PERSISTENT RESERVE OUT with the service action PREEMPT AND ABORT (SPC-4 §6.16). */
  private static boolean isPreemptAndAbort(long cdbHigh) {
    return cdbHigh >>> 56 == 0x5F && (cdbHigh >>> 48 & 0x1F) == 0x05;
  }

  /** Runs a command whose response is fenced; the session tells when it is {@link #over}. */
  void run(Task task) {
    tasks.hold();
    fenced.add(task);
    tasks.add(task);
    settle(() -> tasks.startHeld(task));
  }

  /** A task is over, and its response is sent next. */
  void over(Task task) {
    if (!fenced.isEmpty() && fenced.remove(task)) {
      session.loop().execute(() -> settle(this::lower));
    }
  }

  boolean isAwaited() {
    return !settlings.isEmpty();
  }

  /**
   * Something has been acknowledged, a task is over, or a connection is gone. No PDU may be half
   * written.
   */
  void changed() {
    if (isAwaited()) {
      List.copyOf(settlings).stream().filter(Settling::settled).forEach(Settling::end);
    }
  }
}
