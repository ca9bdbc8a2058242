// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static dev.rootstock.target.pdu.TaskManagementRequest.ABORT_TASK;
import static dev.rootstock.target.pdu.TaskManagementResponse.COMPLETE;
import static dev.rootstock.target.pdu.TaskManagementResponse.NO_SUCH_TASK;
import static dev.rootstock.target.pdu.TaskManagementResponse.REASSIGN_NOT_SUPPORTED;
import static dev.rootstock.target.pdu.TaskManagementResponse.REJECTED;
import static dev.rootstock.target.pdu.TaskManagementResponse.STILL_ALLEGIANT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.TargetSession.Liveness;
import dev.rootstock.target.initiator.CommandResult;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.pdu.Ahs;
import dev.rootstock.target.pdu.AsyncMessage;
import dev.rootstock.target.pdu.DataIn;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.LogoutRequest;
import dev.rootstock.target.pdu.LogoutResponse;
import dev.rootstock.target.pdu.ReadyToTransfer;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.ScsiResponse;
import dev.rootstock.target.pdu.SnackRequest;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.pdu.TargetPdu;
import dev.rootstock.target.pdu.TaskManagementRequest;
import dev.rootstock.target.pdu.TaskManagementResponse;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Connections that are lost or logged out while reads and writes are in flight, and their tasks,
 * which go on elsewhere (RFC 7143 §7.1.4.3, §7.2.2, §11.14, §11.5.1 TASK REASSIGN).
 */
class ConnectionRecoveryTest {
  private static final LoginOptions SEVERAL = TestServer.options().with("MaxConnections", "4");
  private static final LoginOptions LEVEL_1 = SEVERAL.with("ErrorRecoveryLevel", "1");
  private static final LoginOptions LEVEL_2 =
      SEVERAL
          .with("ErrorRecoveryLevel", "2")
          .with("DefaultTime2Wait", "0")
          .with("DefaultTime2Retain", "60");
  private static final String CLEARED_BY_PROTOCOL = "06/47/7f";

  private final MemoryBlockDevice disk = new MemoryBlockDevice(1 << 20);
  private final SlowDevice slow = new SlowDevice(disk);
  private final Random random = new Random(11);

  private byte[] random(int bytes) {
    byte[] data = new byte[bytes];
    random.nextBytes(data);
    return data;
  }

  private static ScsiCommand read(Initiator initiator, int blocks) throws IOException {
    ScsiCommand command =
        initiator.command(
            0, Initiator.cdb16(0x88, 0, blocks), true, false, blocks * 512, Unpooled.EMPTY_BUFFER);
    initiator.socket().send(command);
    return command;
  }

  private static ScsiCommand write(Initiator initiator, int bytes) throws IOException {
    ScsiCommand command =
        initiator.command(
            0, Initiator.cdb16(0x8A, 0, bytes / 512), false, true, bytes, Unpooled.EMPTY_BUFFER);
    initiator.socket().send(command);
    return command;
  }

  /** A connection is gone, and the initiator logs it out through another one. */
  private static void loseAndLogOut(Initiator lost, Initiator other) throws IOException {
    lost.socket().reset();
    LogoutResponse response = other.logout(LogoutRequest.REMOVE_FOR_RECOVERY, lost.cid());
    assertEquals(LogoutResponse.CLOSED, response.response());
    assertEquals(0, response.time2Wait());
    assertEquals(Limits.RETAIN_SECONDS, response.time2Retain());
  }

  /** §13.15, §13.16, §13.20. */
  @Test
  void levelTwoAndItsTimesAreNegotiated() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator two = server.login(LEVEL_2);
      assertEquals("2", two.agreed().get("ErrorRecoveryLevel"));
      assertEquals(Integer.toString(Limits.RETAIN_SECONDS), two.agreed().get("DefaultTime2Retain"));
      Initiator one = server.login(LEVEL_1.with("DefaultTime2Retain", "60").withIsid(new Isid(2)));
      assertEquals("1", one.agreed().get("ErrorRecoveryLevel"));
      assertEquals("0", one.agreed().get("DefaultTime2Retain"));
    }
  }

  @Test
  void aReadInTheDeviceGoesOnOnAnotherConnection() throws Exception {
    byte[] content = random(4096);
    try (TestServer server = TestServer.of(slow)) {
      disk.fill(0, content);
      Initiator one = server.login(LEVEL_2);
      Initiator two = server.join(one, 1);
      ScsiCommand read = read(two, 8);
      slow.awaitHeld(1);
      loseAndLogOut(two, one);
      assertEquals(COMPLETE, one.reassign(read.itt(), 0));
      slow.letOne();
      assertArrayEquals(content, one.await(read.itt(), new byte[0]).data());
    }
  }

  /** §7.2.2: it is concluded as if nothing had happened, with a status of the new connection. */
  @Test
  void whatADeviceHasAnsweredMeanwhileIsKept() throws Exception {
    byte[] content = random(4096);
    try (TestServer server = TestServer.of(slow)) {
      disk.fill(0, content);
      Initiator one = server.login(LEVEL_2);
      Initiator two = server.join(one, 1);
      ScsiCommand read = read(two, 8);
      slow.awaitHeld(1);
      loseAndLogOut(two, one);
      slow.letOne();
      one.ping(new byte[0]);
      assertEquals(COMPLETE, one.reassign(read.itt(), 0));
      CommandResult result = one.await(read.itt(), new byte[0]);
      assertTrue(result.good());
      assertArrayEquals(content, result.data());
    }
  }

  @Test
  void aWriteThatWasAskedForIsAskedForAgain() throws Exception {
    byte[] data = random(128 * 1024);
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login(LEVEL_2.with("InitialR2T", "Yes"));
      Initiator two = server.join(one, 1);
      ScsiCommand write = write(two, data.length);
      ReadyToTransfer r2t = assertInstanceOf(ReadyToTransfer.class, two.receive());
      // A part of it arrives.
      two.socket()
          .send(
              new DataOut(
                  false,
                  r2t.lun(),
                  r2t.itt(),
                  r2t.ttt(),
                  two.expStatSn(),
                  0,
                  0,
                  Unpooled.wrappedBuffer(data, 0, 8192)));
      two.ping(new byte[0]);
      loseAndLogOut(two, one);
      assertEquals(COMPLETE, one.reassign(write.itt(), 0));
      ReadyToTransfer again = assertInstanceOf(ReadyToTransfer.class, one.receive());
      // What has come is not asked for again.
      assertEquals(8192, again.bufferOffset());
      assertEquals(data.length - 8192, again.desiredLength());
      one.answer(again, data);
      assertTrue(one.await(write.itt(), data).good());
      assertArrayEquals(data, one.readBlocks(0, 0, 256).data());
    }
  }

  /** §4.2.5.2: data that were to come unasked are asked for. */
  @Test
  void unsolicitedDataThatDidNotComeAreAskedFor() throws Exception {
    byte[] data = random(32 * 1024);
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login(LEVEL_2.with("InitialR2T", "No"));
      Initiator two = server.join(one, 1);
      ScsiCommand plain =
          two.command(
              0,
              Initiator.cdb16(0x8A, 0, 64),
              false,
              true,
              data.length,
              Unpooled.wrappedBuffer(data, 0, 512));
      // F is not set: more is to follow.
      ScsiCommand write =
          new ScsiCommand(
              false,
              false,
              false,
              true,
              ScsiCommand.SIMPLE,
              0,
              plain.itt(),
              data.length,
              plain.cmdSn(),
              two.expStatSn(),
              plain.cdbHigh(),
              plain.cdbLow(),
              plain.ahs(),
              plain.data());
      two.socket().send(write);
      two.ping(new byte[0]);
      loseAndLogOut(two, one);
      assertEquals(COMPLETE, one.reassign(write.itt(), 0));
      assertTrue(one.await(write.itt(), data).good());
      assertArrayEquals(data, one.readBlocks(0, 0, 64).data());
    }
  }

  @Test
  void aWriteInTheDeviceIsAnsweredOnAnotherConnection() throws Exception {
    byte[] data = random(4096);
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(LEVEL_2.with("InitialR2T", "Yes"));
      Initiator two = server.join(one, 1);
      ScsiCommand write = write(two, data.length);
      two.answer(assertInstanceOf(ReadyToTransfer.class, two.receive()), data);
      slow.awaitHeld(1);
      loseAndLogOut(two, one);
      slow.letOne();
      one.ping(new byte[0]);
      assertEquals(COMPLETE, one.reassign(write.itt(), 0));
      assertTrue(one.await(write.itt(), data).good());
    }
  }

  /** §11.5.6: what ExpDataSN acknowledges does not come again; the rest is what was sent. */
  @Test
  void dataThatHaveNotArrivedAreSentAgainAsTheyWere() throws Exception {
    byte[] content = random(256 * 1024);
    try (TestServer server = TestServer.of(disk)) {
      disk.fill(0, content);
      Initiator one = server.login(LEVEL_2.with("MaxRecvDataSegmentLength", "8192"));
      Initiator two = server.join(one, 1);
      ScsiCommand read = read(two, 512);
      ByteArrayOutputStream arrived = new ByteArrayOutputStream();
      for (int i = 0; i < 5; i++) {
        DataIn data = assertInstanceOf(DataIn.class, two.receive());
        data.data().readBytes(arrived, data.data().readableBytes());
      }
      // All of it has been sent, and kept.
      TargetPdu last = two.receive();
      while (!(last instanceof ScsiResponse)) {
        last = two.receive();
      }
      loseAndLogOut(two, one);
      // The disk holds something else by now.
      assertTrue(one.writeBlocks(0, 0, random(256 * 1024)).good());
      assertEquals(COMPLETE, one.reassign(read.itt(), 5));
      int dataSn = 5;
      TargetPdu next = one.receive();
      while (next instanceof DataIn data) {
        assertEquals(dataSn++, data.dataSn());
        assertEquals(arrived.size(), data.bufferOffset());
        data.data().readBytes(arrived, data.data().readableBytes());
        next = one.receive();
      }
      assertEquals(0, assertInstanceOf(ScsiResponse.class, next).status());
      assertArrayEquals(content, arrived.toByteArray());
    }
  }

  /** §7.2.2, §7.8: it must not go on behind a gap that the initiator could not see. */
  @Test
  void aReadWhoseDataWereNotKeptDoesNotGoOn() throws Exception {
    MemoryBlockDevice large = new MemoryBlockDevice(32 << 20);
    try (TestServer server = TestServer.of(large)) {
      Initiator one = server.login(LEVEL_2);
      Initiator two = server.join(one, 1);
      // Fills what may be kept.
      two.acknowledging(false);
      assertTrue(two.readBlocks(0, 0, Limits.UNACKNOWLEDGED_BYTES / 512).good());
      ScsiCommand read = read(two, 65536);
      // It is under way, and stands still since nobody takes its data.
      assertInstanceOf(DataIn.class, two.receive());
      loseAndLogOut(two, one);
      assertEquals(COMPLETE, one.reassign(read.itt(), 0));
      assertEquals("0b/11/13", one.await(read.itt(), new byte[0]).senseCode());
    }
  }

  /** §11.2.1.8: a tag is free for another task when its status has come, acknowledged or not. */
  @Test
  void anOlderTaskOfTheTagOnAnotherConnectionIsNotTakenForTheOneThatIsReassigned()
      throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(LEVEL_2);
      Initiator two = server.join(one, 1);
      Initiator three = server.join(one, 2);
      ScsiCommand older = read(two, 8);
      slow.awaitHeld(1);
      slow.letOne();
      assertTrue(two.await(older.itt(), new byte[0]).good());
      // Its status is not acknowledged: the connection is quiet from now on.
      byte[] content = random(4096);
      disk.fill(0, content);
      ScsiCommand plain =
          three.command(0, Initiator.cdb16(0x88, 0, 8), true, false, 4096, Unpooled.EMPTY_BUFFER);
      three
          .socket()
          .send(
              new ScsiCommand(
                  false,
                  true,
                  true,
                  false,
                  ScsiCommand.SIMPLE,
                  0,
                  older.itt(),
                  4096,
                  plain.cmdSn(),
                  three.expStatSn(),
                  plain.cdbHigh(),
                  plain.cdbLow(),
                  plain.ahs(),
                  plain.data()));
      slow.awaitHeld(1);
      loseAndLogOut(two, one);
      loseAndLogOut(three, one);
      slow.letOne();
      one.ping(new byte[0]);
      assertEquals(COMPLETE, one.reassign(older.itt(), 0));
      assertArrayEquals(content, one.await(older.itt(), new byte[0]).data());
    }
  }

  /** §7.2.2: not before the connection has been logged out. */
  @Test
  void aTaskThatIsAllegiantIsNotReassigned() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(LEVEL_2);
      Initiator two = server.join(one, 1);
      ScsiCommand read = read(two, 8);
      slow.awaitHeld(1);
      assertEquals(STILL_ALLEGIANT, one.reassign(read.itt(), 0));
      two.socket().reset();
      assertEquals(STILL_ALLEGIANT, one.reassign(read.itt(), 0));
      one.logout(LogoutRequest.REMOVE_FOR_RECOVERY, 1);
      assertEquals(COMPLETE, one.reassign(read.itt(), 0));
      slow.letOne();
      assertTrue(one.await(read.itt(), new byte[0]).good());
    }
  }

  @Test
  void whatCannotBeReassignedIsTold() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login(LEVEL_2);
      assertEquals(NO_SUCH_TASK, one.reassign(4711, 0));
      Initiator other = server.login(LEVEL_1.withIsid(new Isid(2)));
      assertEquals(REASSIGN_NOT_SUPPORTED, other.reassign(4711, 0));
      // §11.5.1: it must be immediate.
      one.socket()
          .send(
              new TaskManagementRequest(
                  false,
                  TaskManagementRequest.TASK_REASSIGN,
                  0,
                  one.newTag(),
                  4711,
                  one.takeCmdSn(),
                  one.expStatSn(),
                  0,
                  0));
      assertEquals(
          REJECTED,
          assertInstanceOf(TaskManagementResponse.class, TestServer.receive(one)).response());
    }
  }

  /** §11.14: a connection may be given up while it lives; after the answer it is silent. */
  @Test
  void aLivingConnectionIsRemovedForRecovery() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(LEVEL_2);
      Initiator two = server.join(one, 1);
      ScsiCommand read = read(two, 8);
      slow.awaitHeld(1);
      assertEquals(
          LogoutResponse.CLOSED, two.logout(LogoutRequest.REMOVE_FOR_RECOVERY, 1).response());
      slow.letOne();
      assertTrue(two.socket().atEnd());
      assertEquals(COMPLETE, one.reassign(read.itt(), 0));
      assertTrue(one.await(read.itt(), new byte[0]).good());
      assertEquals(
          LogoutResponse.CID_NOT_FOUND,
          one.logout(LogoutRequest.REMOVE_FOR_RECOVERY, 1).response());
    }
  }

  /** §6.3.4: at level 2 the login of the same CID logs the old connection out for recovery. */
  @Test
  void theOnlyConnectionIsReinstatedAndItsTasksGoOn() throws Exception {
    byte[] content = random(4096);
    try (TestServer server = TestServer.of(slow)) {
      disk.fill(0, content);
      Initiator one = server.login(LEVEL_2);
      ScsiCommand read = read(one, 8);
      slow.awaitHeld(1);
      one.socket().reset();
      Initiator again = server.join(one, 0);
      assertEquals(one.tsih(), again.tsih());
      assertEquals(COMPLETE, again.reassign(read.itt(), 0));
      slow.letOne();
      assertArrayEquals(content, again.await(read.itt(), new byte[0]).data());
      assertEquals(0, server.admission().leases().getFirst().endings().size());
    }
  }

  /** §7.14: immediate commands go with their connection; §11.14.5: and that is told. */
  @Test
  void immediateCommandsAreNotRecovered() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(LEVEL_2);
      Initiator two = server.join(one, 1);
      byte[] cdb = Initiator.cdb16(0x88, 0, 8);
      ByteBuffer field = ByteBuffer.wrap(cdb);
      ScsiCommand read =
          new ScsiCommand(
              true,
              true,
              true,
              false,
              ScsiCommand.SIMPLE,
              0,
              two.newTag(),
              4096,
              two.cmdSn(),
              two.expStatSn(),
              field.getLong(),
              field.getLong(),
              Ahs.NONE,
              Unpooled.EMPTY_BUFFER);
      two.socket().send(read);
      slow.awaitHeld(1);
      loseAndLogOut(two, one);
      slow.holdNothing();
      slow.letAll();
      assertEquals(NO_SUCH_TASK, one.reassign(read.itt(), 0));
    }
  }

  /** §13.16: after that time nobody can count on anything any more. */
  @Test
  void tasksThatAreNotReassignedInTimeAreTerminated() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(LEVEL_2.with("DefaultTime2Retain", "1"));
      Initiator two = server.join(one, 1);
      ScsiCommand read = read(two, 8);
      slow.awaitHeld(1);
      two.socket().reset();
      one.logout(LogoutRequest.REMOVE_FOR_RECOVERY, 1);
      TestServer.await(
          "the task is terminated",
          () -> {
            try {
              return CLEARED_BY_PROTOCOL.equals(one.read(0, new byte[6], 0).senseCode());
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          });
      slow.letAll();
      assertEquals(NO_SUCH_TASK, one.reassign(read.itt(), 0));
    }
  }

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
        two.answer(assertInstanceOf(ReadyToTransfer.class, two.receive()), random(4096));
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
        assertEquals(Reject.SNACK_REJECT, assertInstanceOf(Reject.class, one.receive()).reason());
      }
      // Its allegiance is new, and the status is on its way: there is nothing more to abort.
      assertEquals(NO_SUCH_TASK, one.manage(ABORT_TASK, 0, command.itt(), command.cmdSn()));
    }
  }

  /** Its status comes on the connection that it is on: there is none to be sent here. */
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

  /** §6.3.5: a session without connections is kept for its time, and then ends once. */
  @Test
  void aSessionThatNobodyComesBackToEnds() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(LEVEL_2.with("DefaultTime2Retain", "1"));
      read(one, 8);
      slow.awaitHeld(1);
      OpenAdmission.TestLease lease = server.admission().leases().getFirst();
      TargetSession session = TestServer.get(lease.opened());
      one.socket().reset();
      TestServer.await("it is dead", () -> isDead(session));
      assertFalse(lease.ended().isDone());
      slow.letAll();
      TestServer.get(lease.ended());
      assertEquals(0, server.target().sessions(OpenAdmission.TARGET).size());
    }
  }

  private static boolean isDead(TargetSession session) {
    return session.probe(Duration.ofMillis(1)).toCompletableFuture().join() == Liveness.DEAD;
  }

  @Test
  void aSessionThatIsKeptIsRevoked() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(LEVEL_2);
      read(one, 8);
      slow.awaitHeld(1);
      TargetSession session = TestServer.get(server.admission().leases().getFirst().opened());
      one.socket().reset();
      TestServer.await("it is dead", () -> isDead(session));
      assertEquals(1, server.target().sessions(OpenAdmission.TARGET).size());
      var revoked =
          server.target().revoke(OpenAdmission.TARGET, 1, "a new boot").toCompletableFuture();
      assertFalse(revoked.isDone());
      slow.letOne();
      TestServer.get(revoked);
    }
  }

  /** §6.3.5: a login without a TSIH takes the place of a session that is kept. */
  @Test
  void aSessionThatIsKeptIsReinstated() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login(LEVEL_2);
      one.socket().reset();
      assertTrue(server.login(LEVEL_2).readBlocks(0, 0, 1).good());
      TestServer.get(server.admission().leases().getFirst().ended());
    }
  }

  /** §7.1.5: below level 2 there is nothing to take over, but the session goes on. */
  @Test
  void atLevelOneTheTasksOfALostConnectionAreTerminated() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(LEVEL_1);
      one.ping(new byte[0]);
      Initiator two = server.join(one, 1);
      read(two, 8);
      slow.awaitHeld(1);
      two.socket().reset();
      // §7.1.4.3: another connection is told.
      AsyncMessage message = assertInstanceOf(AsyncMessage.class, one.receive());
      assertEquals(AsyncMessage.CONNECTION_DROPPED, message.event());
      assertEquals(1, message.parameter1());
      slow.holdNothing();
      slow.letAll();
      assertEquals(CLEARED_BY_PROTOCOL, one.readBlocks(0, 0, 1).senseCode());
      assertEquals(
          LogoutResponse.RECOVERY_NOT_SUPPORTED,
          one.logout(LogoutRequest.REMOVE_FOR_RECOVERY, 1).response());
      assertEquals(LogoutResponse.CLOSED, one.logout(LogoutRequest.CLOSE_CONNECTION, 1).response());
      assertTrue(server.join(one, 1).readBlocks(0, 0, 1).good());
    }
  }

  /** §11.14: with "close the connection" there is nothing to reassign at any level. */
  @Test
  void tasksOfAConnectionThatWasClosedAreNotReassigned() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(LEVEL_2);
      Initiator two = server.join(one, 1);
      ScsiCommand read = read(two, 8);
      slow.awaitHeld(1);
      two.socket().reset();
      slow.holdNothing();
      slow.letAll();
      one.logout(LogoutRequest.CLOSE_CONNECTION, 1);
      assertEquals(NO_SUCH_TASK, one.reassign(read.itt(), 0));
    }
  }

  /** Reads and writes in flight on three connections, all of which are lost, again and again. */
  @Test
  void manyTasksSurviveTheLossOfAllConnections() throws Exception {
    byte[] content = random(1 << 20);
    try (TestServer server = TestServer.of(slow)) {
      disk.fill(0, content);
      Initiator one = server.login(LEVEL_2);
      for (int round = 0; round < 5; round++) {
        Initiator two = server.join(one, 1);
        ScsiCommand[] reads = new ScsiCommand[16];
        for (int i = 0; i < reads.length; i++) {
          reads[i] = read(i % 2 == 0 ? one : two, 8 * (i + 1));
        }
        slow.awaitHeld(reads.length);
        for (int i = random.nextInt(reads.length); i > 0; i--) {
          slow.letOne();
        }
        two.socket().reset();
        one.socket().reset();
        Initiator back = server.join(one, 0);
        assertEquals(
            LogoutResponse.CLOSED, back.logout(LogoutRequest.REMOVE_FOR_RECOVERY, 1).response());
        slow.letAll();
        for (ScsiCommand read : reads) {
          assertEquals(COMPLETE, back.reassign(read.itt(), 0));
          CommandResult result = back.await(read.itt(), new byte[0]);
          assertTrue(result.good());
          assertArrayEquals(Arrays.copyOf(content, result.data().length), result.data());
        }
        one = back;
      }
    }
  }
}
