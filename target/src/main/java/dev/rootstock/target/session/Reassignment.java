// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.command.Task;
import dev.rootstock.target.command.Unacknowledged;
import dev.rootstock.target.pdu.TaskManagementRequest;
import dev.rootstock.target.pdu.TaskManagementResponse;
import org.jspecify.annotations.Nullable;

/**
 * What goes from a connection that was logged out to another one of its session: tasks in progress
 * by TASK REASSIGN, and the statuses of those that are over (RFC 7143 §7.2.2, §11.5.1).
 */
final class Reassignment {
  private final Session session;
  private final TaskSet tasks;
  private final TaskManagement management;

  Reassignment(Session session, TaskSet tasks, TaskManagement management) {
    this.session = session;
    this.tasks = tasks;
    this.management = management;
  }

  /** RFC 7143 §7.2.2, §11.5.1, §11.6.1. */
  void handle(Connection from, TaskManagementRequest request) {
    int tag = request.referencedTag();
    Task task = tasks.get(tag);
    Connection holder = session.recovery().holder(tag, task);
    if (!session.recovery().reassigns()) {
      management.answer(from, request, TaskManagementResponse.REASSIGN_NOT_SUPPORTED);
    } else if (!request.immediate() || management.isUnderWay(tag)) {
      management.answer(from, request, TaskManagementResponse.REJECTED);
    } else if (holder == null || (task != null && task.isAborted())) {
      management.answer(from, request, TaskManagementResponse.NO_SUCH_TASK);
    } else if (!session.recovery().isLoggedOut(holder)) {
      management.answer(from, request, TaskManagementResponse.STILL_ALLEGIANT);
    } else {
      reassign(from, request, holder, task);
    }
  }

  private void reassign(
      Connection from, TaskManagementRequest request, Connection holder, @Nullable Task task) {
    Unacknowledged sent = holder.unacknowledged();
    Unacknowledged own = from.unacknowledged();
    if (sent == null || own == null) {
      throw new IllegalStateException("recovery level 2 without what was sent");
    }
    int tag = request.referencedTag();
    // §11.5.6: a number that cannot be is ignored.
    int expDataSn = sent.holds(tag, request.expDataSn()) ? request.expDataSn() : 0;
    boolean whole = sent.holds(tag, expDataSn);
    if (!whole && task == null) {
      // There was no room to keep what it has read, and the disk may hold something else by now.
      management.answer(from, request, TaskManagementResponse.NO_SUCH_TASK);
      return;
    }
    // It comes before the reassignment is in force.
    management.answer(from, request, TaskManagementResponse.COMPLETE);
    if (whole) {
      own.takeOver(sent, tag, expDataSn);
    }
    if (task != null) {
      task.reassign(from, whole);
    }
  }

  /**
   * §11.5.1: the status of a task that is over is sent again where the task's connection was logged
   * out before the status was acknowledged, so that the initiator learns what it is that it could
   * not abort.
   *
   * @return whether there is such a status, and it was kept
   */
  boolean sendsStatusAgain(Connection from, int tag) {
    Connection holder = session.recovery().holder(tag, null);
    if (holder == null || !session.recovery().isLoggedOut(holder)) {
      return false;
    }
    Unacknowledged sent = holder.unacknowledged();
    Unacknowledged own = from.unacknowledged();
    return sent != null && own != null && own.takeOverResponse(sent, tag);
  }
}
