// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.pdu.SerialNumber;
import dev.rootstock.target.wire.Limits;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Keeps a response in order with those of other connections (RFC 7143 §4.2.2.3, §11.6.1).
 *
 * <p>While the fence is up no task starts. What was answered before it must be acknowledged on
 * every connection, and what runs must be over, before the response that it is for is sent; and
 * that one must be acknowledged before anything else is answered, if the initiator has asked for
 * fences (§13.23). An initiator that does not acknowledge is waited for no longer than {@link
 * Limits#FENCE_MILLIS}.
 *
 * <p>With one connection responses are in order by themselves: then the fence is never up.
 */
final class ResponseFence {
  private final Session session;
  private final TaskSet tasks;
  private final List<Settling> settlings = new ArrayList<>();

  /** A connection, and the status number from which on it is of no interest here. */
  private record Mark(Connection connection, int statSn) {

    boolean acknowledged() {
      return connection.isLeaving() || !SerialNumber.before(connection.acknowledged(), statSn);
    }
  }

  /** Somebody who waits. */
  private final class Settling {
    private final List<Mark> marks;
    private final Runnable then;

    Settling(List<Mark> marks, Runnable then) {
      this.marks = marks;
      this.then = then;
    }

    boolean settled() {
      return tasks.running() == 0 && marks.stream().allMatch(Mark::acknowledged);
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

  /** Takes the fence down; tasks that have come meanwhile start. */
  void lower() {
    tasks.letGo();
    session.startWaitingSoon();
  }

  /** Waits until everything is acknowledged that has been sent, and nothing runs. */
  void settle(Runnable then) {
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
    Settling settling = new Settling(marks, then);
    settlings.add(settling);
    if (settling.settled()) {
      settling.end();
    } else {
      session.schedule(settling::end, Limits.FENCE_MILLIS, TimeUnit.MILLISECONDS);
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
