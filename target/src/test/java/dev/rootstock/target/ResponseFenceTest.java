// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static dev.rootstock.target.Requests.assertAnswered;
import static dev.rootstock.target.Requests.assertRejected;
import static dev.rootstock.target.Requests.r2t;
import static dev.rootstock.target.Requests.sendFunction;
import static dev.rootstock.target.Requests.sendRead;
import static dev.rootstock.target.Requests.sendWrite;
import static dev.rootstock.target.pdu.TaskManagementRequest.ABORT_TASK;
import static dev.rootstock.target.pdu.TaskManagementRequest.ABORT_TASK_SET;
import static dev.rootstock.target.pdu.TaskManagementRequest.CLEAR_TASK_SET;
import static dev.rootstock.target.pdu.TaskManagementResponse.COMPLETE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.pdu.AsyncMessage;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.NopIn;
import dev.rootstock.target.pdu.NopOut;
import dev.rootstock.target.pdu.ReadyToTransfer;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.pdu.TaskManagementResponse;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/**
 * Task management in sessions of several connections, and of several sessions (RFC 7143 §4.2.2.3,
 * §4.2.3, §11.6.1).
 */
class ResponseFenceTest {
  private static final LoginOptions SEVERAL = TestServer.options().with("MaxConnections", "4");
  private static final LoginOptions FENCED = SEVERAL.with("TaskReporting", "ResponseFence,RFC3720");
  private static final LoginOptions FAST =
      SEVERAL.with("TaskReporting", "FastAbort,ResponseFence,RFC3720");

  private final MemoryBlockDevice disk = new MemoryBlockDevice(1 << 20);
  private final SlowDevice slow = new SlowDevice(disk);

  private static ScsiCommand read(Initiator initiator) throws IOException {
    ScsiCommand command = sendRead(initiator, 0, 1);
    return command;
  }

  /** A second connection of a session, with a status that is not acknowledged. */
  private static Initiator unacknowledged(TestServer server, Initiator session) throws IOException {
    Initiator second = server.join(session, 1);
    assertTrue(second.readBlocks(0, 0, 1).good());
    return second;
  }

  /** A NOP-Out that asks for no answer, only for its ExpStatSN (§11.18). */
  private static void acknowledge(Initiator initiator) throws IOException {
    nop(initiator, 0, initiator.expStatSn());
  }

  private static void nop(Initiator initiator, long lun, int expStatSn) throws IOException {
    initiator
        .socket()
        .send(
            new NopOut(
                true,
                lun,
                Tag.NONE,
                Tag.NONE,
                initiator.cmdSn(),
                expStatSn,
                Unpooled.EMPTY_BUFFER));
  }

  /** §11.5.1: the tags are the session's; an initiator may have lost the task's connection. */
  @Test
  void abortTaskOfAnotherConnection() throws Exception {
    try (TestServer server = TestServer.patient(slow)) {
      Initiator one = server.login(SEVERAL);
      Initiator two = server.join(one, 1);
      ScsiCommand task = read(two);
      slow.awaitHeld(1);
      sendFunction(one, ABORT_TASK, task.itt(), task.cmdSn());
      TestServer.assertSilent(one);
      slow.letOne();
      assertAnswered(COMPLETE, TestServer.receive(one));
      TestServer.assertSilent(two);
      slow.holdNothing();
      assertTrue(two.readBlocks(0, 0, 1).good());
    }
  }

  /** §11.6.1 b: what never came on another connection counts as received. */
  @Test
  void abortTaskFillsTheHoleThatAnotherConnectionLeft() throws Exception {
    try (TestServer server = TestServer.patient(disk)) {
      Initiator one = server.login(SEVERAL);
      Initiator two = server.join(one, 1);
      int lost = one.takeCmdSn();
      ScsiCommand behind = read(two);
      two.ping(new byte[0]);
      sendFunction(one, ABORT_TASK, 4711, lost);
      assertAnswered(COMPLETE, TestServer.receive(one));
      assertTrue(two.await(behind.itt(), new byte[0]).good());
    }
  }

  /** §11.6.1: the response waits until all connections have acknowledged those before it. */
  @Test
  void theResponseWaitsForTheAcknowledgementOfOtherConnections() throws Exception {
    try (TestServer server = TestServer.patient(disk)) {
      Initiator one = server.login(SEVERAL);
      Initiator two = unacknowledged(server, one);
      sendFunction(one, ABORT_TASK_SET, Tag.NONE, 0);
      TestServer.assertSilent(one);
      acknowledge(two);
      assertAnswered(COMPLETE, TestServer.receive(one));
    }
  }

  /** §4.2.2.3.3: an acknowledgement that does not come is not waited for for ever. */
  @Test
  void theWaitForAcknowledgementEnds() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login(SEVERAL);
      unacknowledged(server, one);
      sendFunction(one, CLEAR_TASK_SET, Tag.NONE, 0);
      assertAnswered(COMPLETE, TestServer.receive(one));
    }
  }

  /** §4.2.2.3.3 b: a NOP-In asks for the acknowledgement, where it can be answered. */
  @Test
  void anInitiatorThatAnswersPingsIsAskedForItsAcknowledgement() throws Exception {
    try (TestServer server = TestServer.patient(disk)) {
      Initiator one = server.login(SEVERAL);
      Initiator two = server.join(one, 1);
      two.ping(new byte[0]);
      sendFunction(one, ABORT_TASK_SET, Tag.NONE, 0);
      NopIn ping = assertInstanceOf(NopIn.class, two.receive());
      two.socket()
          .send(
              new NopOut(
                  true,
                  0,
                  Tag.NONE,
                  ping.ttt(),
                  two.cmdSn(),
                  two.expStatSn(),
                  Unpooled.EMPTY_BUFFER));
      assertAnswered(COMPLETE, TestServer.receive(one));
    }
  }

  /** §4.2.2.3.3 d: nothing is answered on the unit before the fence is cleared. */
  @Test
  void laterCommandsAreAnsweredAfterTheResponseIsAcknowledged() throws Exception {
    try (TestServer server = TestServer.patient(disk)) {
      Initiator one = server.login(FENCED);
      assertEquals("ResponseFence", one.agreed().get("TaskReporting"));
      Initiator two = unacknowledged(server, one);
      sendFunction(one, ABORT_TASK_SET, Tag.NONE, 0);
      ScsiCommand later = read(one);
      TestServer.assertSilent(one);
      acknowledge(two);
      int unacknowledged = one.expStatSn();
      assertAnswered(COMPLETE, TestServer.receive(one));
      TestServer.assertSilent(one, unacknowledged);
      acknowledge(one);
      assertTrue(one.await(later.itt(), new byte[0]).good());
    }
  }

  /** §4.2.2.3.3 d: not a function that acts on a single task either. */
  @Test
  void anAbortOfOneTaskIsAnsweredBehindTheFence() throws Exception {
    try (TestServer server = TestServer.patient(disk)) {
      Initiator one = server.login(FENCED);
      Initiator two = unacknowledged(server, one);
      sendFunction(one, ABORT_TASK_SET, Tag.NONE, 0);
      sendFunction(one, ABORT_TASK, 4711, one.cmdSn() - 1);
      TestServer.assertSilent(one);
      acknowledge(two);
      int unacknowledged = one.expStatSn();
      assertAnswered(COMPLETE, TestServer.receive(one));
      TestServer.assertSilent(one, unacknowledged);
      acknowledge(one);
      assertAnswered(TaskManagementResponse.NO_SUCH_TASK, TestServer.receive(one));
    }
  }

  /**
   * §4.2.2.3.3 d: answers that wait behind the fence are functions under way, which are bounded.
   */
  @Test
  void noMoreAnswersWaitBehindTheFenceThanFunctionsMayBeUnderWay() throws Exception {
    try (TestServer server = TestServer.patient(disk)) {
      Initiator one = server.login(FENCED);
      unacknowledged(server, one);
      sendFunction(one, ABORT_TASK_SET, Tag.NONE, 0);
      for (int i = 1; i < Limits.PENDING_FUNCTIONS; i++) {
        sendFunction(one, ABORT_TASK, 4711, one.cmdSn() - 1);
      }
      TestServer.assertSilent(one);
      sendFunction(one, ABORT_TASK, 4711, one.cmdSn() - 1);
      assertRejected(Reject.OUT_OF_RESOURCES, TestServer.receive(one));
    }
  }

  /** §4.2.3.4: data are not waited for, and the connections with tasks are told (§11.9.1). */
  @Test
  void fastAbortTellsTheConnectionsInsteadOfWaitingForData() throws Exception {
    try (TestServer server = TestServer.patient(disk)) {
      Initiator one = server.login(FAST);
      assertEquals("FastAbort", one.agreed().get("TaskReporting"));
      Initiator two = server.join(one, 1);
      Initiator other = server.login(FAST.withIsid(new Isid(2)));
      Initiator old = server.login(SEVERAL.withIsid(new Isid(3)));
      for (Initiator each : new Initiator[] {two, other, old}) {
        sendWrite(each, 0, 1);
        r2t(each);
      }
      sendFunction(one, CLEAR_TASK_SET, Tag.NONE, 0);
      for (Initiator told : new Initiator[] {two, other}) {
        AsyncMessage message = assertInstanceOf(AsyncMessage.class, told.receive());
        assertEquals(AsyncMessage.TASK_TERMINATION, message.event());
        assertEquals(0, message.lun());
        acknowledge(told);
      }
      acknowledge(one);
      assertAnswered(COMPLETE, TestServer.receive(one));
      // §4.2.3.5: one that has not asked for it is told of nothing but by a unit attention.
      TestServer.assertSilent(old);
      assertEquals("06/2f/00", old.readBlocks(0, 0, 1).senseCode());
      assertEquals("06/2f/00", other.readBlocks(0, 0, 1).senseCode());
    }
  }

  /** §4.2.3.4 c, g: the tags of ended tasks are good until their end is acknowledged. */
  @Test
  void fastAbortFreesTransferTagsWhenItsMessageIsAcknowledged() throws Exception {
    try (TestServer server = TestServer.patient(disk)) {
      Initiator one = server.login(FAST);
      Initiator two = server.join(one, 1);
      ReadyToTransfer[] asked = {ask(two), ask(two)};
      sendFunction(one, ABORT_TASK_SET, Tag.NONE, 0);
      int before = two.expStatSn();
      AsyncMessage message = assertInstanceOf(AsyncMessage.class, two.receive());
      assertEquals(AsyncMessage.TASK_TERMINATION, message.event());
      nop(two, 0, before);
      nop(two, 1L << 48, two.expStatSn());
      // Neither was the acknowledgement of this message: data are still taken, and dropped.
      data(two, asked[0]);
      TestServer.assertSilent(two);
      data(two, asked[0]);
      assertRejected(Reject.INVALID_PDU_FIELD, two.receive());
      nop(two, 0, two.expStatSn());
      data(two, asked[1]);
      assertRejected(Reject.INVALID_PDU_FIELD, TestServer.receive(two));
    }
  }

  /** §4.2.3.4 c, g: however many they are; until then they count as commands in progress. */
  @Test
  void fastAbortKeepsAllTransferTagsUntilItsMessageIsAcknowledged() throws Exception {
    try (TestServer server = TestServer.patient(disk)) {
      Initiator one = server.login(FAST);
      Initiator two = server.join(one, 1);
      ReadyToTransfer[] asked = new ReadyToTransfer[Limits.ABORTED_WRITES + 8];
      for (int i = 0; i < asked.length; i++) {
        asked[i] = ask(two);
      }
      int window = window(two);
      assertTrue(window < Limits.COMMANDS - Limits.ABORTED_WRITES);
      sendFunction(one, ABORT_TASK_SET, Tag.NONE, 0);
      assertInstanceOf(AsyncMessage.class, two.receive());
      assertEquals(window, window(two));
      data(two, asked[0]);
      TestServer.assertSilent(two);
      acknowledge(two);
      assertEquals(Limits.COMMANDS, window(two));
      data(two, asked[1]);
      assertRejected(Reject.INVALID_PDU_FIELD, TestServer.receive(two));
    }
  }

  /** How many commands may be sent, as the answer to a ping says. */
  private static int window(Initiator initiator) throws IOException {
    int itt = initiator.newTag();
    initiator
        .socket()
        .send(
            new NopOut(
                true,
                0,
                itt,
                Tag.NONE,
                initiator.cmdSn(),
                initiator.expStatSn(),
                Unpooled.EMPTY_BUFFER));
    NopIn echo = assertInstanceOf(NopIn.class, TestServer.receive(initiator));
    assertEquals(itt, echo.itt());
    return echo.maxCmdSn() - echo.expCmdSn() + 1;
  }

  /** §4.2.3.4 g, of a task that a device still works on: it does not await its data any more. */
  @Test
  void fastAbortFreesTransferTagsOfATaskThatIsNotAtRest() throws Exception {
    try (TestServer server = TestServer.patient(slow)) {
      Initiator one = server.login(FAST);
      Initiator two = server.join(one, 1);
      int burst = Integer.parseInt(one.agreed().get("MaxBurstLength"));
      sendWrite(two, 0, 2 * burst / 512);
      two.answer(r2t(two), new byte[burst]);
      slow.awaitHeld(1);
      ReadyToTransfer second = r2t(two);
      sendFunction(one, ABORT_TASK_SET, Tag.NONE, 0);
      assertInstanceOf(AsyncMessage.class, two.receive());
      acknowledge(two);
      data(two, second);
      assertRejected(Reject.INVALID_PDU_FIELD, two.receive());
      TestServer.assertSilent(one);
      slow.letOne();
      TestServer.assertSilent(two);
      acknowledge(two);
      acknowledge(one);
      assertAnswered(COMPLETE, TestServer.receive(one));
    }
  }

  private static ReadyToTransfer ask(Initiator initiator) throws IOException {
    sendWrite(initiator, 0, 1);
    return r2t(initiator);
  }

  /** The last PDU of a sequence, without data. */
  private static void data(Initiator initiator, ReadyToTransfer asked) throws IOException {
    initiator
        .socket()
        .send(
            new DataOut(
                true,
                asked.lun(),
                asked.itt(),
                asked.ttt(),
                initiator.expStatSn(),
                0,
                asked.bufferOffset(),
                Unpooled.EMPTY_BUFFER));
  }

  /** §4.2.3.3, and TAS of SPC-4: with it, a command that another initiator aborts has a status. */
  @Test
  void clearedCommandsEndInTaskAbortedWhereTheUnitIsToldTo() throws Exception {
    try (TestServer server = TestServer.patient(slow)) {
      Initiator one = server.login();
      Initiator other = server.login(TestServer.options().withIsid(new Isid(2)));
      byte[] control = new byte[16];
      control[4] = 0x0A;
      control[5] = 10;
      // What is constant, and TAS.
      control[6] = 0x02;
      control[7] = 0x10;
      control[9] = 0x40;
      assertTrue(one.write(0, new byte[] {0x15, 0x10, 0, 0, 16, 0}, control).good());
      // MODE PARAMETERS CHANGED.
      assertEquals("06/2a/01", other.read(0, new byte[6], 0).senseCode());
      ScsiCommand task = read(other);
      slow.awaitHeld(1);
      sendFunction(one, CLEAR_TASK_SET, Tag.NONE, 0);
      one.ping(new byte[0]);
      // On another loop perhaps: by its answer the abort has come.
      other.ping(new byte[0]);
      slow.letAll();
      slow.holdNothing();
      assertAnswered(COMPLETE, TestServer.receive(one));
      assertEquals(0x40, other.await(task.itt(), new byte[0]).status());
      assertTrue(other.readBlocks(0, 0, 1).good());
    }
  }

  /** §4.2.3.3 e, SAM-5 §5.3.5: who had no command has nothing to be told of. */
  @Test
  void clearTaskSetTellsOnlyThoseWhoseCommandsItCleared() throws Exception {
    try (TestServer server = TestServer.patient(disk)) {
      Initiator one = server.login();
      Initiator other = server.login(TestServer.options().withIsid(new Isid(2)));
      assertEquals(COMPLETE, one.manage(CLEAR_TASK_SET, 0, Tag.NONE, 0));
      assertTrue(other.readBlocks(0, 0, 1).good());
    }
  }

  /** §4.2.2.3.4 f: the response to PREEMPT AND ABORT. */
  @Test
  void preemptAndAbortIsAnsweredBetweenWhatIsBeforeAndBehindIt() throws Exception {
    try (TestServer server = TestServer.patient(disk)) {
      Initiator one = server.login(FENCED);
      Initiator two = server.join(one, 1);
      assertTrue(one.write(0, reserveOut(0), parameters(0, 0xA)).good());
      Initiator other = server.login(SEVERAL.withIsid(new Isid(2)));
      assertTrue(other.write(0, reserveOut(0), parameters(0, 0xB)).good());
      assertTrue(two.readBlocks(0, 0, 1).good());
      ScsiCommand preempt =
          one.command(
              0, reserveOut(5), false, true, 24, Unpooled.wrappedBuffer(parameters(0xA, 0xB)));
      one.socket().send(preempt);
      TestServer.assertSilent(one);
      acknowledge(two);
      assertTrue(one.await(preempt.itt(), new byte[0]).good());
      ScsiCommand later = read(two);
      TestServer.assertSilent(two);
      acknowledge(one);
      assertTrue(two.await(later.itt(), new byte[0]).good());
    }
  }

  private static byte[] reserveOut(int action) {
    return new byte[] {0x5F, (byte) action, 3, 0, 0, 0, 0, 0, 24, 0};
  }

  private static byte[] parameters(long key, long serviceActionKey) {
    return ByteBuffer.allocate(24).putLong(key).putLong(serviceActionKey).array();
  }

  /** §4.2.2.3.4 a, §4.2.3.3 e: the unit attention that tells a third party of an abort. */
  @Test
  void theAttentionAfterAnAbortIsAnsweredBetweenWhatIsBeforeAndBehindIt() throws Exception {
    try (TestServer server = TestServer.patient(disk)) {
      Initiator issuer = server.login();
      Initiator one = server.login(FENCED.withIsid(new Isid(2)));
      Initiator two = server.join(one, 1);
      sendWrite(one, 0, 1);
      r2t(one);
      assertTrue(two.readBlocks(0, 0, 1).good());
      sendFunction(issuer, CLEAR_TASK_SET, Tag.NONE, 0);
      assertAnswered(COMPLETE, TestServer.receive(issuer));
      ScsiCommand told = read(one);
      TestServer.assertSilent(one);
      acknowledge(two);
      assertEquals("06/2f/00", one.await(told.itt(), new byte[0]).senseCode());
      ScsiCommand later = read(two);
      TestServer.assertSilent(two);
      acknowledge(one);
      assertTrue(two.await(later.itt(), new byte[0]).good());
    }
  }
}
