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
import dev.rootstock.target.wire.Limits;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * The task management functions (RFC 7143 §11.5, §11.6; SAM-5 §7).
 *
 * <p>A function is answered when no operation of the tasks that it ended can reach the disk any
 * more, and when data that the initiator had been asked for have come or {@link
 * Limits#ABORT_DATA_MILLIS} have passed. Answers of one connection are in order by themselves; with
 * several connections a {@link ResponseFence} keeps them so.
 *
 * <p>Here functions wait for their turn, and a single task is aborted; what acts on several is a
 * {@link MultiTaskAbort}, TASK REASSIGN a {@link Reassignment}.
 */
final class TaskManagement {
  private record Waiting(Connection from, TaskManagementRequest request) {}

  private final Session session;
  private final TaskSet tasks;
  private final MultiTaskAbort abort;
  private final Reassignment reassignment;

  /** Functions that came before commands which they act on (§4.2.3.3 b). */
  private final List<Waiting> early = new ArrayList<>();

  /** Functions that are under way; none of them can be aborted (§11.5.1). */
  private final List<Waiting> underWay = new ArrayList<>();

  TaskManagement(Session session, TaskSet tasks) {
    this.session = session;
    this.tasks = tasks;
    this.abort = new MultiTaskAbort(session, tasks);
    this.reassignment = new Reassignment(session, tasks, this);
  }

  /**
   * Whether there is no room for one more function; there is always for one of each connection (RFC
   * 7143 §4.2.2.1).
   *
   * @return 0, or the reason for a Reject
   */
  int refusal(Connection from) {
    boolean full = underWay.size() + early.size() >= Limits.PENDING_FUNCTIONS;
    return full && (isOf(underWay, from) || isOf(early, from)) ? Reject.OUT_OF_RESOURCES : 0;
  }

  private static boolean isOf(List<Waiting> functions, Connection from) {
    return functions.stream().anyMatch(function -> function.from() == from);
  }

  /** Whether a tag is that of a function that is not answered yet. */
  boolean isUnderWay(int itt) {
    return has(underWay, itt) || has(early, itt);
  }

  private static boolean has(List<Waiting> functions, int itt) {
    for (int i = 0; i < functions.size(); i++) {
      if (functions.get(i).request().itt() == itt) {
        return true;
      }
    }
    return false;
  }

  /** Takes a function that {@link #refusal} lets in. */
  void handle(Connection from, TaskManagementRequest request) {
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

  /** A connection is gone, and with it what nobody can be told the end of any more. */
  void drop(Connection gone) {
    early.removeIf(waiting -> waiting.from() == gone);
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
          respond(from, request, TaskManagementResponse.NO_SUCH_LUN);
        }
      }
      case TaskManagementRequest.ABORT_TASK_SET ->
          end(from, request, unit, List.of(session), inUnitBefore(lun, request));
      case TaskManagementRequest.CLEAR_TASK_SET ->
          end(from, request, unit, everyone(), inUnit(lun));
      case TaskManagementRequest.LOGICAL_UNIT_RESET -> {
        end(from, request, unit, everyone(), inUnit(lun));
        target.resetUnit(request.lun());
      }
      case TaskManagementRequest.TARGET_WARM_RESET -> {
        session.delivery().plugBefore(request.cmdSn());
        end(from, request, true, everyone(), _ -> true);
        target.reset();
        session.delivery().deliverHeld();
      }
      case TaskManagementRequest.TARGET_COLD_RESET -> {
        session.delivery().plugBefore(request.cmdSn());
        coldReset(from, request, target);
      }
      case TaskManagementRequest.TASK_REASSIGN -> reassignment.handle(from, request);
      default -> respond(from, request, TaskManagementResponse.NOT_SUPPORTED);
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

  /** RFC 7143 §11.6.1, the three cases of ABORT TASK. */
  private void abortTask(Connection from, TaskManagementRequest request) {
    Task task = tasks.get(request.referencedTag());
    if (task != null && !agree(task, request)) {
      respond(from, request, TaskManagementResponse.REJECTED);
    } else if (task != null) {
      Waiting waiting = begin(from, request);
      task.abort(
          () -> {
            underWay.remove(waiting);
            respond(from, request, TaskManagementResponse.COMPLETE);
          });
    } else if (isUnderWay(request.referencedTag())) {
      respond(from, request, TaskManagementResponse.REJECTED);
    } else if (session.delivery().window().admits(request.refCmdSn())
        && SerialNumber.before(request.refCmdSn(), request.cmdSn())) {
      session.delivery().window().plug(request.refCmdSn());
      respond(from, request, TaskManagementResponse.COMPLETE);
      session.delivery().deliverHeld();
    } else if (reassignment.sendsStatusAgain(from, request.referencedTag())) {
      respond(from, request, TaskManagementResponse.COMPLETE);
    } else {
      respond(from, request, TaskManagementResponse.NO_SUCH_TASK);
    }
  }

  /**
   * §4.2.5.3: what a request says of a task has to agree with the task. A tag may have been used
   * again since, and its new task is not the one that is to end.
   */
  private static boolean agree(Task task, TaskManagementRequest request) {
    // §11.5.5
    int number = task.immediate() ? request.cmdSn() : task.cmdSn();
    return task.lun() == request.lun() && request.refCmdSn() == number;
  }

  /** Ends tasks of one session or of several, then answers. */
  private void end(
      Connection from,
      TaskManagementRequest request,
      boolean unit,
      List<Session> whose,
      Predicate<Task> which) {
    if (!unit) {
      respond(from, request, TaskManagementResponse.NO_SUCH_LUN);
      return;
    }
    Waiting waiting = begin(from, request);
    abort.run(from, request, whose, which, () -> done(waiting));
  }

  /** §11.5.1: a power-on, which ends every session of the target, this one last. */
  private void coldReset(Connection from, TaskManagementRequest request, ScsiTarget target) {
    List<Session> all = everyone();
    Waiting waiting = begin(from, request);
    abort.run(
        from,
        request,
        all,
        _ -> true,
        () -> {
          target.powerOn();
          done(waiting);
          session.closure().endWith(from);
          for (Session one : all) {
            if (one != session) {
              var _ = one.close("TARGET COLD RESET by " + session.initiatorName());
            }
          }
        });
  }

  private Waiting begin(Connection from, TaskManagementRequest request) {
    Waiting waiting = new Waiting(from, request);
    underWay.add(waiting);
    return waiting;
  }

  /** The answer of a function that acted on several tasks, whose turn its fence has seen to. */
  private void done(Waiting function) {
    underWay.remove(function);
    answer(function.from(), function.request(), TaskManagementResponse.COMPLETE);
  }

  /** §4.2.2.3.3 d: any other answer waits behind a fence that is up, still under way. */
  private void respond(Connection from, TaskManagementRequest request, int response) {
    if (!session.fence().isUp()) {
      answer(from, request, response);
      return;
    }
    Waiting waiting = begin(from, request);
    session
        .fence()
        .defer(
            () -> {
              underWay.remove(waiting);
              answer(from, request, response);
            });
  }

  void answer(Connection to, TaskManagementRequest request, int response) {
    if (!session.isOpen() || to.isLeaving()) {
      return;
    }
    to.writer()
        .write(
            new TaskManagementResponse(
                response, request.itt(), to.takeStatSn(), to.expCmdSn(), to.maxCmdSn()));
    to.flushSoon();
  }
}
