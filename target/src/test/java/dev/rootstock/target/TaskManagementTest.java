// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static dev.rootstock.target.Requests.assertAnswered;
import static dev.rootstock.target.Requests.r2t;
import static dev.rootstock.target.Requests.sendFunction;
import static dev.rootstock.target.Requests.sendWrite;
import static dev.rootstock.target.pdu.TaskManagementRequest.ABORT_TASK;
import static dev.rootstock.target.pdu.TaskManagementRequest.ABORT_TASK_SET;
import static dev.rootstock.target.pdu.TaskManagementRequest.CLEAR_TASK_SET;
import static dev.rootstock.target.pdu.TaskManagementRequest.LOGICAL_UNIT_RESET;
import static dev.rootstock.target.pdu.TaskManagementRequest.TARGET_COLD_RESET;
import static dev.rootstock.target.pdu.TaskManagementRequest.TARGET_WARM_RESET;
import static dev.rootstock.target.pdu.TaskManagementResponse.COMPLETE;
import static dev.rootstock.target.pdu.TaskManagementResponse.NOT_SUPPORTED;
import static dev.rootstock.target.pdu.TaskManagementResponse.NO_SUCH_LUN;
import static dev.rootstock.target.pdu.TaskManagementResponse.NO_SUCH_TASK;
import static dev.rootstock.target.pdu.TaskManagementResponse.REASSIGN_NOT_SUPPORTED;
import static dev.rootstock.target.pdu.TaskManagementResponse.REJECTED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.CommandResult;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.NopIn;
import dev.rootstock.target.pdu.NopOut;
import dev.rootstock.target.pdu.ReadyToTransfer;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.pdu.TaskManagementRequest;
import dev.rootstock.target.pdu.TaskManagementResponse;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Task management (RFC 7143 §11.5, §11.6; SAM-5 §7). */
class TaskManagementTest {
  private final MemoryBlockDevice disk = new MemoryBlockDevice(1 << 20);
  private final SlowDevice slow = new SlowDevice(disk);

  private static ScsiCommand send(Initiator initiator, boolean write) throws IOException {
    ScsiCommand command =
        initiator.command(
            0,
            Initiator.cdb16(write ? 0x8A : 0x88, 0, 1),
            !write,
            write,
            512,
            write ? Unpooled.wrappedBuffer(new byte[512]) : Unpooled.EMPTY_BUFFER);
    initiator.socket().send(command);
    return command;
  }

  private static int function(Initiator initiator, int function, ScsiCommand task)
      throws IOException {
    return sendFunction(initiator, function, task.itt(), task.cmdSn());
  }

  /** SAM-5: after the answer the task has no effect any more, so it waits for the device. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void abortTaskIsAnsweredWhenTheDeviceHasEndedTheOperation(boolean write) throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      ScsiCommand task = send(initiator, write);
      slow.awaitHeld(1);
      int itt = function(initiator, ABORT_TASK, task);
      TestServer.assertSilent(initiator);
      slow.letOne();
      // The answer, and no status of the task before it.
      TaskManagementResponse response =
          assertInstanceOf(TaskManagementResponse.class, TestServer.receive(initiator));
      assertEquals(itt, response.itt());
      assertEquals(COMPLETE, response.response());
      slow.holdNothing();
      assertTrue(initiator.readBlocks(0, 0, 1).good());
    }
  }

  @Test
  void abortTaskOfATaskThatIsOverFindsNone() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      ScsiCommand task = send(initiator, false);
      initiator.receive();
      assertEquals(NO_SUCH_TASK, initiator.manage(ABORT_TASK, 0, task.itt(), task.cmdSn()));
    }
  }

  /** §11.6.1 b: a task that never came counts as received, and what waited behind it runs. */
  @Test
  void abortTaskOfATaskThatNeverCamePlugsTheHole() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      int lost = initiator.takeCmdSn();
      ScsiCommand behind = send(initiator, false);
      initiator.ping(new byte[0]);
      assertEquals(COMPLETE, initiator.manage(ABORT_TASK, 0, 4711, lost));
      assertTrue(initiator.await(behind.itt(), new byte[0]).good());
    }
  }

  /** Data of an aborted write may be on the way: they are taken without a word. */
  @Test
  void dataOfAnAbortedWriteAreDropped() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      ScsiCommand write = sendWrite(initiator, 0, 2);
      ReadyToTransfer r2t = r2t(initiator);
      assertEquals(COMPLETE, initiator.manage(ABORT_TASK, 0, write.itt(), write.cmdSn()));
      byte[] data = new byte[1024];
      data[0] = 1;
      initiator.answer(r2t, data);
      CommandResult read = initiator.readBlocks(0, 0, 1);
      assertEquals(0, read.data()[0]);
    }
  }

  /** §4.2.3.3 a: the function waits for data that the initiator was asked for. */
  @Test
  void abortTaskSetWaitsForTheDataThatWereAskedFor() throws Exception {
    try (TestServer server = TestServer.patient(disk)) {
      Initiator initiator = server.login();
      ScsiCommand write = sendWrite(initiator, 0, 2);
      ReadyToTransfer r2t = r2t(initiator);
      function(initiator, ABORT_TASK_SET, write);
      TestServer.assertSilent(initiator);
      initiator
          .socket()
          .send(new DataOut(true, 0, write.itt(), r2t.ttt(), 0, 0, 0, Unpooled.EMPTY_BUFFER));
      assertAnswered(COMPLETE, TestServer.receive(initiator));
    }
  }

  /** Linux does not send them: the wait has an end. */
  @Test
  void aResetDoesNotWaitForDataForEver() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      sendWrite(initiator, 0, 2);
      r2t(initiator);
      assertEquals(COMPLETE, initiator.manage(LOGICAL_UNIT_RESET, 0, Tag.NONE, 0));
    }
  }

  /** SAM-5 §7.3: other sessions keep their tasks. */
  @Test
  void abortTaskSetEndsTheTasksOfItsOwnSession() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      Initiator other = server.login(TestServer.options().withIsid(new Isid(2)));
      ScsiCommand kept = send(other, false);
      slow.awaitHeld(1);
      send(initiator, false);
      ScsiCommand last = send(initiator, true);
      slow.awaitHeld(3);
      function(initiator, ABORT_TASK_SET, last);
      initiator.ping(new byte[0]);
      slow.letAll();
      assertAnswered(COMPLETE, TestServer.receive(initiator));
      assertTrue(other.await(kept.itt(), new byte[0]).good());
    }
  }

  @ParameterizedTest(name = "function {0} tells the other session {1}")
  @CsvSource({
    CLEAR_TASK_SET + ", 06/2f/00",
    LOGICAL_UNIT_RESET + ", 06/29/03",
    TARGET_WARM_RESET + ", 06/29/02",
  })
  void othersLoseTheirTasksAndAreTold(int function, String attention) throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      Initiator other = server.login(TestServer.options().withIsid(new Isid(2)));
      ScsiCommand lost = send(other, false);
      slow.awaitHeld(1);
      function(initiator, function, lost);
      initiator.ping(new byte[0]);
      // On another loop perhaps: the abort has come when its task is gone.
      other.ping(new byte[0]);
      slow.letAll();
      slow.holdNothing();
      assertAnswered(COMPLETE, TestServer.receive(initiator));
      CommandResult next = other.readBlocks(0, 0, 1);
      assertEquals(attention, next.senseCode());
      assertTrue(other.readBlocks(0, 0, 1).good());
    }
  }

  /** RFC 7143 §11.5.1: it ends all sessions. */
  @Test
  void coldResetEndsEverySession() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login(TestServer.options().with("MaxConnections", "2"));
      Initiator second = server.join(initiator, 1);
      Initiator other = server.login(TestServer.options().withIsid(new Isid(2)));
      assertEquals(COMPLETE, initiator.manage(TARGET_COLD_RESET, 0, Tag.NONE, 0));
      assertTrue(initiator.socket().atEnd());
      assertTrue(second.socket().atEnd());
      assertTrue(other.socket().atEnd());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {ABORT_TASK, ABORT_TASK_SET, CLEAR_TASK_SET, LOGICAL_UNIT_RESET})
  void aUnitThatIsNotThereIsTold(int function) throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      assertEquals(NO_SUCH_LUN, server.login().manage(function, 3, Tag.NONE, 0));
    }
  }

  @ParameterizedTest
  @CsvSource({
    TaskManagementRequest.CLEAR_ACA + ", " + NOT_SUPPORTED,
    TaskManagementRequest.TASK_REASSIGN + ", " + REASSIGN_NOT_SUPPORTED,
    "0, " + NOT_SUPPORTED,
    "9, " + NOT_SUPPORTED,
    "127, " + NOT_SUPPORTED,
  })
  void whatIsNotSupportedIsTold(int function, int response) throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      assertEquals(response, server.login().manage(function, 0, Tag.NONE, 0));
    }
  }

  /** §4.2.3.3 b: a function that overtook commands acts when they have come. */
  @Test
  void aFunctionThatOvertookCommandsWaitsForThem() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      ScsiCommand late = Requests.read(initiator, 0, 1);
      function(initiator, ABORT_TASK_SET, late);
      initiator.ping(new byte[0]);
      initiator.socket().send(late);
      slow.awaitHeld(1);
      slow.letAll();
      assertAnswered(COMPLETE, TestServer.receive(initiator));
    }
  }

  /** §11.5.1: nor does it end what came behind it while it waited. */
  @Test
  void aFunctionThatWaitedLeavesLaterCommandsAlone() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      ScsiCommand late = Requests.read(initiator, 0, 1);
      function(initiator, ABORT_TASK_SET, late);
      ScsiCommand behind = send(initiator, false);
      initiator.ping(new byte[0]);
      initiator.socket().send(late);
      slow.awaitHeld(2);
      slow.letOne();
      assertAnswered(COMPLETE, TestServer.receive(initiator));
      slow.letOne();
      assertTrue(initiator.await(behind.itt(), new byte[0]).good());
    }
  }

  /**
   * §4.2.5.3, §11.5.3, §11.5.5: what a request says of a task agrees with the task. Its tag may be
   * a younger one's by now.
   */
  @ParameterizedTest(name = "LUN {0}, RefCmdSN {1} beside the task''s")
  @CsvSource({"0, 1", "0, -1", "0x4000, 0", "1, 0"})
  void abortTaskThatDescribesAnotherTaskIsRefused(String lun, int distance) throws Exception {
    try (TestServer server = TestServer.of(slow, new MemoryBlockDevice(1 << 20))) {
      Initiator initiator = server.login();
      ScsiCommand task = send(initiator, false);
      slow.awaitHeld(1);
      assertEquals(
          REJECTED,
          initiator.manage(ABORT_TASK, Integer.decode(lun), task.itt(), task.cmdSn() + distance));
      slow.letAll();
      assertTrue(initiator.await(task.itt(), new byte[0]).good());
    }
  }

  /** §4.2.3.3 b: what a reset of the target has overtaken counts as received, and does not run. */
  @Test
  void aTargetResetDoesNotWaitForTheCommandsThatItOvertook() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      int never = initiator.takeCmdSn();
      byte[] block = new byte[512];
      block[0] = 1;
      sendWrite(initiator, 0, block);
      ScsiCommand behind = Requests.read(initiator, 0, 1);
      initiator
          .socket()
          .send(
              new TaskManagementRequest(
                  true,
                  TARGET_WARM_RESET,
                  0,
                  initiator.newTag(),
                  Tag.NONE,
                  behind.cmdSn(),
                  0,
                  0,
                  0));
      TaskManagementResponse response =
          assertInstanceOf(TaskManagementResponse.class, TestServer.receive(initiator));
      assertEquals(COMPLETE, response.response());
      assertEquals(behind.cmdSn(), response.expCmdSn());
      // It comes too late, and is ignored.
      initiator.socket().send(new NopOut(false, 0, 99, Tag.NONE, never, 0, Unpooled.EMPTY_BUFFER));
      initiator.socket().send(behind);
      assertEquals("06/29/02", initiator.await(behind.itt(), new byte[0]).senseCode());
      assertEquals(0, initiator.readBlocks(0, 0, 1).data()[0]);
    }
  }

  /** §11.19: a window that opens while nothing is sent; only for those that have sent a ping. */
  @Test
  void aWindowThatOpensWithoutAResponseIsToldByANopIn() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      Initiator other = server.login(TestServer.options().withIsid(new Isid(2)));
      Initiator firmware = server.login(TestServer.options().withIsid(new Isid(3)));
      other.ping(new byte[0]);
      for (int i = 0; i < Limits.COMMANDS; i++) {
        send(other, false);
        send(firmware, false);
      }
      slow.awaitHeld(2 * Limits.COMMANDS);
      function(initiator, CLEAR_TASK_SET, send(initiator, false));
      initiator.ping(new byte[0]);
      // By its answer the abort has come to the other's loop.
      assertEquals(0, other.ping(new byte[0]).length);
      slow.letAll();
      slow.holdNothing();
      NopIn told = assertInstanceOf(NopIn.class, other.receive());
      assertEquals(Tag.NONE, told.itt());
      assertEquals(Tag.NONE, told.ttt());
      assertEquals(Limits.COMMANDS - 1, told.maxCmdSn() - told.expCmdSn());
      assertEquals("06/2f/00", other.readBlocks(0, 0, 1).senseCode());
      assertAnswered(COMPLETE, TestServer.receive(initiator));
      firmware
          .socket()
          .send(new NopOut(true, 0, 99, Tag.NONE, firmware.cmdSn(), 0, Unpooled.EMPTY_BUFFER));
      assertEquals(99, assertInstanceOf(NopIn.class, firmware.receive()).itt());
    }
  }
}
