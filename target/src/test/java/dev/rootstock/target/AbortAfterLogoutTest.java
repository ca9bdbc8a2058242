// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static dev.rootstock.target.Requests.assertRejected;
import static dev.rootstock.target.Requests.r2t;
import static dev.rootstock.target.pdu.TaskManagementRequest.ABORT_TASK;
import static dev.rootstock.target.pdu.TaskManagementResponse.COMPLETE;
import static dev.rootstock.target.pdu.TaskManagementResponse.NO_SUCH_TASK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.pdu.DataIn;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.ScsiResponse;
import dev.rootstock.target.pdu.SnackRequest;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.pdu.TaskManagementRequest;
import dev.rootstock.target.pdu.TaskManagementResponse;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** ABORT TASK for tasks of a connection that was logged out for recovery (RFC 7143 §11.5.1). */
class AbortAfterLogoutTest extends RecoverableSession {
  /**
   * §11.5.1: what is over cannot be aborted; its status, which did not arrive, comes before the
   * answer and says how it ended. Its data are not wanted.
   */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anAbortAfterALogoutBringsTheStatusThatWasNotAcknowledged(boolean isRead) throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login(LEVEL_2.with("InitialR2T", "Yes"));
      Initiator two = server.join(one, 1);
      ScsiCommand command = isRead ? read(two, 8) : write(two, 4096);
      if (isRead) {
        assertInstanceOf(DataIn.class, two.receive());
      } else {
        two.answer(r2t(two), random(4096));
      }
      // It is over; the status has gone out, and is not acknowledged.
      ScsiResponse first = assertInstanceOf(ScsiResponse.class, two.receive());
      loseAndLogOut(two, one);
      int next = one.expStatSn();
      one.acknowledging(false);
      int itt = abort(one, command);
      ScsiResponse again = assertInstanceOf(ScsiResponse.class, one.receive());
      assertEquals(command.itt(), again.itt());
      assertEquals(first.status(), again.status());
      assertEquals(next, again.statSn());
      assertEquals(isRead ? 1 : 0, again.expDataSn());
      TaskManagementResponse answer =
          assertInstanceOf(TaskManagementResponse.class, TestServer.receive(one));
      assertEquals(itt, answer.itt());
      assertEquals(COMPLETE, answer.response());
      assertEquals(next + 1, answer.statSn());
      if (isRead) {
        // A SNACK is told that they are not kept, not that there were none.
        one.snack(SnackRequest.DATA_OR_R2T, 0, command.itt(), Tag.NONE, 0, 0);
        assertRejected(Reject.SNACK_REJECT, one.receive());
      }
      // Its allegiance is new, and the status is on its way: there is nothing more to abort.
      assertEquals(NO_SUCH_TASK, one.manage(ABORT_TASK, 0, command.itt(), command.cmdSn()));
    }
  }

  /** §11.6.1: its status comes on the connection that it is on: there is none to be sent here. */
  @Test
  void anAbortWithoutALogoutBringsNoStatusOfAnotherConnection() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login(LEVEL_2);
      Initiator two = server.join(one, 1);
      ScsiCommand read = read(two, 8);
      assertInstanceOf(DataIn.class, two.receive());
      assertInstanceOf(ScsiResponse.class, two.receive());
      int itt = abort(one, read);
      TaskManagementResponse answer =
          assertInstanceOf(TaskManagementResponse.class, TestServer.receive(one));
      assertEquals(itt, answer.itt());
      assertEquals(NO_SUCH_TASK, answer.response());
    }
  }

  /** §11.5.1: it need not be reassigned before. */
  @Test
  void aTaskOfAConnectionThatWasLoggedOutIsAbortedOnAnotherOne() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(LEVEL_2);
      Initiator two = server.join(one, 1);
      ScsiCommand read = read(two, 8);
      slow.awaitHeld(1);
      loseAndLogOut(two, one);
      int itt = abort(one, read);
      TestServer.assertSilent(one);
      slow.letOne();
      TaskManagementResponse answer =
          assertInstanceOf(TaskManagementResponse.class, TestServer.receive(one));
      assertEquals(itt, answer.itt());
      assertEquals(COMPLETE, answer.response());
      assertEquals(NO_SUCH_TASK, one.reassign(read.itt(), 0));
    }
  }

  private static int abort(Initiator by, ScsiCommand task) throws IOException {
    int itt = by.newTag();
    by.socket()
        .send(
            new TaskManagementRequest(
                true,
                ABORT_TASK,
                task.lun(),
                itt,
                task.itt(),
                by.cmdSn(),
                by.expStatSn(),
                task.cmdSn(),
                0));
    return itt;
  }
}
