// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static dev.rootstock.target.Requests.assertAnswered;
import static dev.rootstock.target.Requests.r2t;
import static dev.rootstock.target.pdu.TaskManagementResponse.COMPLETE;
import static dev.rootstock.target.pdu.TaskManagementResponse.NO_SUCH_TASK;
import static dev.rootstock.target.pdu.TaskManagementResponse.REASSIGN_NOT_SUPPORTED;
import static dev.rootstock.target.pdu.TaskManagementResponse.REJECTED;
import static dev.rootstock.target.pdu.TaskManagementResponse.STILL_ALLEGIANT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.CommandResult;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.pdu.DataIn;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.LogoutRequest;
import dev.rootstock.target.pdu.LogoutResponse;
import dev.rootstock.target.pdu.ReadyToTransfer;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.ScsiResponse;
import dev.rootstock.target.pdu.TargetPdu;
import dev.rootstock.target.pdu.TaskManagementRequest;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/**
 * Tasks whose connection is gone, and which go on with another one (RFC 7143 §7.2.2, §11.5.1 TASK
 * REASSIGN).
 */
class TaskReassignTest extends RecoverableSession {
  /** A read of 8 blocks that the device works on, whose connection is lost meanwhile. */
  private ScsiCommand lostInTheDevice(Initiator lost, Initiator other) throws Exception {
    ScsiCommand read = read(lost, 8);
    slow.awaitHeld(1);
    loseAndLogOut(lost, other);
    return read;
  }

  /** §7.2.2: a command goes on from where it is. */
  @Test
  void aReadInTheDeviceGoesOnOnAnotherConnection() throws Exception {
    byte[] content = random(4096);
    try (TestServer server = TestServer.of(slow)) {
      disk.fill(0, content);
      Initiator one = server.login(LEVEL_2);
      Initiator two = server.join(one, 1);
      ScsiCommand read = lostInTheDevice(two, one);
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
      ScsiCommand read = lostInTheDevice(two, one);
      slow.letOne();
      one.ping(new byte[0]);
      assertEquals(COMPLETE, one.reassign(read.itt(), 0));
      CommandResult result = one.await(read.itt(), new byte[0]);
      assertTrue(result.good());
      assertArrayEquals(content, result.data());
    }
  }

  /** §7.2.2: from its current state: what has come is not asked for again. */
  @Test
  void aWriteThatWasAskedForIsAskedForAgain() throws Exception {
    byte[] data = random(128 * 1024);
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login(LEVEL_2.with("InitialR2T", "Yes"));
      Initiator two = server.join(one, 1);
      ScsiCommand write = write(two, data.length);
      ReadyToTransfer r2t = r2t(two);
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
      ReadyToTransfer again = r2t(one);
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

  /** §7.2.2: the status at least comes on the new connection. */
  @Test
  void aWriteInTheDeviceIsAnsweredOnAnotherConnection() throws Exception {
    byte[] data = random(4096);
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(LEVEL_2.with("InitialR2T", "Yes"));
      Initiator two = server.join(one, 1);
      ScsiCommand write = write(two, data.length);
      two.answer(r2t(two), data);
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
      Requests.send(three, Requests.retagged(Requests.read(three, 0, 8), older.itt()));
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

  /** §7.2.2, §11.5.1, §11.6.1: unknown tasks, lower levels, and requests that are not immediate. */
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
      assertAnswered(REJECTED, TestServer.receive(one));
    }
  }

  /** §7.2.2, §6.3.6: reads on connections all of which are lost, again and again. */
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
