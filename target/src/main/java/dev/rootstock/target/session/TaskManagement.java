// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.command.Task;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.SerialNumber;
import dev.rootstock.target.pdu.TaskManagementRequest;
import dev.rootstock.target.pdu.TaskManagementResponse;
import dev.rootstock.target.scsi.Lun;
import dev.rootstock.target.scsi.Nexus;
import dev.rootstock.target.scsi.ScsiTarget;
import dev.rootstock.target.scsi.Sense;
import dev.rootstock.target.wire.Limits;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The task management functions (RFC 7143 §11.5, §11.6; SAM-5 §7).
 *
 * <p>A function is answered when no operation of the tasks that it ended can reach the disk any
 * more, and when data that the initiator had been asked for have come or {@link
 * Limits#ABORT_DATA_MILLIS} have passed. Answers of one connection are in order by themselves,
 * which is the fence of §4.2.2.3; with several connections it has to be built here.
 */
final class TaskManagement {
  /** COMMANDS CLEARED BY ANOTHER INITIATOR (SAM-5 §5.3.5). */
  private static final Sense CLEARED_BY_ANOTHER = new Sense(0x06, 0x2F, 0x00, Sense.ABSENT, 0);

  private record Waiting(Connection from, TaskManagementRequest request) {}

  private final Session session;
  private final TaskSet tasks;

  /** Functions that came before commands which they act on (§4.2.3.3 b). */
  private final List<Waiting> early = new ArrayList<>();

  /** The tags of functions that are under way; none of them can be aborted (§11.5.1). */
  private final List<Integer> underWay = new ArrayList<>();

  TaskManagement(Session session, TaskSet tasks) {
    this.session = session;
    this.tasks = tasks;
  }

  void handle(Connection from, TaskManagementRequest request) {
    if (underWay.size() + early.size() >= Limits.PENDING_FUNCTIONS) {
      from.reject(request, Reject.OUT_OF_RESOURCES);
      return;
    }
    if (needsEarlierCommands(request) && SerialNumber.after(request.cmdSn(), session.expCmdSn())) {
      early.add(new Waiting(from, request));
      return;
    }
    act(from, request);
  }

  /** Commands have been delivered: functions that waited for them may act. */
  void arrived() {
    if (early.isEmpty()) {
      return;
    }
    List<Waiting> again = List.copyOf(early);
    early.clear();
    again.forEach(waiting -> handle(waiting.from(), waiting.request()));
  }

  private static boolean needsEarlierCommands(TaskManagementRequest request) {
    return switch (request.function()) {
      case TaskManagementRequest.ABORT_TASK_SET,
          TaskManagementRequest.CLEAR_TASK_SET,
          TaskManagementRequest.LOGICAL_UNIT_RESET ->
          request.immediate();
      default -> false;
    };
  }

  private void act(Connection from, TaskManagementRequest request) {
    Nexus nexus = session.nexus();
    ScsiTarget target = session.scsiTarget();
    if (nexus == null || target == null) {
      return;
    }
    int lun = Lun.number(request.lun());
    boolean unit = nexus.has(lun);
    switch (request.function()) {
      case TaskManagementRequest.ABORT_TASK -> {
        if (unit) {
          abortTask(from, request);
        } else {
          answer(from, request, TaskManagementResponse.NO_SUCH_LUN);
        }
      }
      case TaskManagementRequest.ABORT_TASK_SET ->
          end(from, request, unit, List.of(session), inUnitBefore(lun, request));
      case TaskManagementRequest.CLEAR_TASK_SET -> {
        end(from, request, unit, everyone(), inUnit(lun));
        others().forEach(other -> other.attention(lun, CLEARED_BY_ANOTHER));
      }
      case TaskManagementRequest.LOGICAL_UNIT_RESET -> {
        end(from, request, unit, everyone(), inUnit(lun));
        target.resetUnit(request.lun());
      }
      case TaskManagementRequest.TARGET_WARM_RESET -> {
        end(from, request, true, everyone(), _ -> true);
        target.reset();
      }
      case TaskManagementRequest.TARGET_COLD_RESET -> coldReset(from, request, target);
      case TaskManagementRequest.TASK_REASSIGN ->
          answer(from, request, TaskManagementResponse.REASSIGN_NOT_SUPPORTED);
      default -> answer(from, request, TaskManagementResponse.NOT_SUPPORTED);
    }
  }

  private static Predicate<Task> inUnit(int lun) {
    return task -> Lun.number(task.lun()) == lun;
  }

  /** §11.5.1: what has a CmdSN lower than the function's. */
  private static Predicate<Task> inUnitBefore(int lun, TaskManagementRequest request) {
    return task ->
        Lun.number(task.lun()) == lun
            && (task.immediate() || SerialNumber.before(task.cmdSn(), request.cmdSn()));
  }

  /** The sessions of this boot: the nexuses of one SCSI target. */
  private List<Session> everyone() {
    return session.sessions().of(session.key().node()).stream()
        .filter(other -> other.generation() == session.generation())
        .toList();
  }

  private List<Nexus> others() {
    List<Nexus> nexuses = new ArrayList<>();
    for (Session other : everyone()) {
      Nexus nexus = other.nexus();
      if (other != session && nexus != null) {
        nexuses.add(nexus);
      }
    }
    return nexuses;
  }

  /** RFC 7143 §11.6.1, the three cases of ABORT TASK. */
  private void abortTask(Connection from, TaskManagementRequest request) {
    Task task = tasks.get(request.referencedTag());
    if (task != null) {
      underWay.add(request.itt());
      task.abort(() -> done(from, request));
    } else if (underWay.contains(request.referencedTag())) {
      answer(from, request, TaskManagementResponse.REJECTED);
    } else if (session.window().admits(request.refCmdSn())
        && SerialNumber.before(request.refCmdSn(), request.cmdSn())) {
      session.window().plug(request.refCmdSn());
      answer(from, request, TaskManagementResponse.COMPLETE);
      session.deliverHeld();
    } else {
      answer(from, request, TaskManagementResponse.NO_SUCH_TASK);
    }
  }

  /** Ends tasks of one session or of several, then answers. */
  private void end(
      Connection from,
      TaskManagementRequest request,
      boolean unit,
      List<Session> whose,
      Predicate<Task> which) {
    if (!unit) {
      answer(from, request, TaskManagementResponse.NO_SUCH_LUN);
      return;
    }
    end(request, whose, which, () -> done(from, request));
  }

  private void end(
      TaskManagementRequest request, List<Session> whose, Predicate<Task> which, Runnable action) {
    underWay.add(request.itt());
    Countdown rest = new Countdown(action);
    rest.expect(whose.size());
    for (Session one : whose) {
      one.execute(() -> one.abortTasks(which, () -> session.execute(rest::ended)));
    }
    if (tasks.awaitsDroppedData()) {
      rest.expect(1);
      awaitData(rest);
    }
    rest.begin();
  }

  /** Waits for data that the initiator was asked for (§4.2.3.3 a), but not for ever. */
  private void awaitData(Countdown rest) {
    TaskSet.DataWait wait = tasks.awaitDroppedData(rest::ended);
    session.schedule(wait::giveUp, Limits.ABORT_DATA_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** §11.5.1: a power-on, which ends every session of the target, this one last. */
  private void coldReset(Connection from, TaskManagementRequest request, ScsiTarget target) {
    List<Session> all = everyone();
    end(
        request,
        all,
        _ -> true,
        () -> {
          target.reset();
          done(from, request);
          from.closeAfterFlush();
          for (Session one : all) {
            if (one != session) {
              var _ = one.close("TARGET COLD RESET by " + session.initiatorName());
            }
          }
        });
  }

  private void done(Connection from, TaskManagementRequest request) {
    underWay.remove((@Nullable Object) request.itt());
    answer(from, request, TaskManagementResponse.COMPLETE);
  }

  private void answer(Connection to, TaskManagementRequest request, int response) {
    if (!session.isOpen()) {
      return;
    }
    to.writer()
        .write(
            new TaskManagementResponse(
                response, request.itt(), to.takeStatSn(), to.expCmdSn(), to.maxCmdSn()));
    to.flushSoon();
  }
}
