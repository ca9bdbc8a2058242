// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.command.Task;
import dev.rootstock.target.pdu.AsyncMessage;
import dev.rootstock.target.pdu.TaskManagementRequest;
import dev.rootstock.target.scsi.Lun;
import dev.rootstock.target.scsi.Nexus;
import dev.rootstock.target.scsi.Sense;
import dev.rootstock.target.session.SessionParameters.TaskReporting;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The end of the tasks that a task management function affects, when these are several (RFC 7143
 * §4.2.3.2): as §4.2.3.3 has it, or with FastAbort as §4.2.3.4 does, and both at once where
 * sessions have agreed on different things (§4.2.3.5).
 */
final class MultiTaskAbort {
  private final Session session;
  private final TaskSet tasks;

  /** Of the functions that come to a session. */
  MultiTaskAbort(Session session, TaskSet tasks) {
    this.session = session;
    this.tasks = tasks;
  }

  /**
   * Ends tasks of one session or of several.
   *
   * @param from the connection that the function came on
   * @param whose the sessions that have them
   * @param which tells them
   * @param action run when all of that is done: it answers the function
   */
  void run(
      Connection from,
      TaskManagementRequest request,
      List<Session> whose,
      Predicate<Task> which,
      Runnable action) {
    boolean fenced = session.fence().raise();
    Countdown rest = new Countdown(() -> finish(fenced, action));
    rest.expect(whose.size());
    for (Session one : whose) {
      one.execute(
          () -> {
            Runnable atRest = () -> session.execute(rest::ended);
            if (one == session) {
              tellOfTermination(session, which, from);
              session.termination().abort(which, atRest);
            } else {
              clear(one, which, request.function(), atRest);
            }
          });
    }
    if (tasks.aborted().areAwaited() && session.agreed().reporting() != TaskReporting.FAST_ABORT) {
      rest.expect(1);
      awaitData(rest);
    }
    rest.begin();
  }

  /** Ends tasks of another session; on that one's loop. */
  private static void clear(Session other, Predicate<Task> which, int function, Runnable atRest) {
    tellOfTermination(other, which, null);
    Nexus nexus = other.nexus();
    other.fence().guardNext();
    boolean clear = function == TaskManagementRequest.CLEAR_TASK_SET;
    other
        .termination()
        .abortForAnother(
            task -> {
              boolean affected = which.test(task);
              if (affected && clear && nexus != null && !other.termination().tellsAborted(task)) {
                nexus.attention(Lun.number(task.lun()), Sense.CLEARED_BY_ANOTHER);
              }
              return affected;
            },
            atRest);
  }

  /**
   * Tells the connections that have tasks about to end, so that their initiator stops to send data
   * for them (RFC 7143 §4.2.3.4 d, §4.2.3.5); only where it has negotiated to be told.
   *
   * @param but the connection that the function came on, which needs no telling
   */
  private static void tellOfTermination(
      Session whose, Predicate<Task> which, @Nullable Connection but) {
    if (whose.agreed().reporting() != TaskReporting.FAST_ABORT) {
      return;
    }
    for (Connection connection : whose.connections().live()) {
      if (connection != but) {
        whose
            .termination()
            .unitsOf(task -> which.test(task) && task.isAllegiantTo(connection))
            .forEach(
                lun -> {
                  int statSn = connection.nextStatSn();
                  connection.send(AsyncMessage.TASK_TERMINATION, lun, 0, 0, 0);
                  whose
                      .termination()
                      .terminationTold(
                          task ->
                              which.test(task)
                                  && task.isAllegiantTo(connection)
                                  && task.lun() == lun,
                          statSn);
                });
      }
    }
  }

  /** §4.2.2.3.3: in order with the responses of all connections. */
  private void finish(boolean fenced, Runnable action) {
    if (!fenced) {
      action.run();
      return;
    }
    ResponseFence fence = session.fence();
    fence.settle(
        () -> {
          action.run();
          if (session.agreed().reporting() == TaskReporting.RFC3720) {
            fence.lower();
          } else {
            fence.settle(fence::lower);
          }
        });
  }

  /** Waits for data that the initiator was asked for (§4.2.3.3 a), but not for ever. */
  private void awaitData(Countdown rest) {
    AbortedWrites.DataWait wait = tasks.aborted().await(rest::ended);
    session.schedule(wait::giveUp, session.sessions().waits().data(), TimeUnit.MILLISECONDS);
  }
}
