// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.pdu.Ahs;
import dev.rootstock.target.pdu.DataIn;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.TargetPdu;
import dev.rootstock.target.pdu.TaskManagementRequest;
import dev.rootstock.target.pdu.TaskManagementResponse;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Tags and numbers of commands that come before their turn (RFC 7143 §4.2.2.1, §11.2.1.8). */
class TaskTagTest {
  private static final int BLOCK = 512;
  private static final int TAG = 0x7000;

  private final MemoryBlockDevice disk = new MemoryBlockDevice(1 << 20);
  private final SlowDevice slow = new SlowDevice(disk);

  @Test
  void aHeldCommandWithTheTagOfATaskIsRejectedWhenItsTurnComes() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      int first = initiator.takeCmdSn();
      int second = initiator.takeCmdSn();
      initiator.socket().send(read(false, TAG, second));
      initiator.socket().send(read(false, TAG, first));
      assertTagInUse(initiator, second);
      // The reject has left a hole, which another command fills.
      slow.awaitHeld(1);
      initiator.socket().send(read(false, TAG + 1, second));
      assertBothEndAndTheWindowIsWhole(initiator);
    }
  }

  @Test
  void anImmediateCommandTakesTheTagOfAHeldOne() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      int first = initiator.takeCmdSn();
      int second = initiator.takeCmdSn();
      initiator.socket().send(read(false, TAG, second));
      initiator.socket().send(read(true, TAG, first));
      slow.awaitHeld(1);
      initiator.socket().send(read(false, TAG + 1, first));
      assertTagInUse(initiator, second);
      initiator.socket().send(read(false, TAG + 2, second));
      slow.awaitHeld(3);
      slow.letAll();
      for (int i = 0; i < 3; i++) {
        assertInstanceOf(DataIn.class, initiator.receive());
      }
    }
  }

  private static void assertTagInUse(Initiator initiator, int expCmdSn) throws Exception {
    Reject reject = assertInstanceOf(Reject.class, initiator.receive());
    assertEquals(Reject.TASK_IN_PROGRESS, reject.reason());
    // §7.3: the number of a rejected command does not count as received.
    assertEquals(expCmdSn, reject.expCmdSn());
  }

  private void assertBothEndAndTheWindowIsWhole(Initiator initiator) throws Exception {
    slow.awaitHeld(2);
    slow.letAll();
    assertInstanceOf(DataIn.class, initiator.receive());
    TargetPdu last = assertInstanceOf(DataIn.class, initiator.receive());
    assertEquals(Limits.COMMANDS - 1, last.maxCmdSn() - last.expCmdSn());
    assertEquals(2, slow.begun());
  }

  /** §11.6.1 b: the number counts as received, and the command is not executed. */
  @Test
  void abortTaskGivesUpACommandThatIsHeld() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      int first = initiator.takeCmdSn();
      int second = initiator.takeCmdSn();
      byte[] data = new byte[BLOCK];
      Arrays.fill(data, (byte) 9);
      initiator.socket().send(command(false, 0x8A, TAG, second, Unpooled.wrappedBuffer(data)));
      assertEquals(
          TaskManagementResponse.COMPLETE,
          initiator.manage(TaskManagementRequest.ABORT_TASK, 0, TAG, second));
      initiator.socket().send(read(false, TAG + 1, first));
      assertInstanceOf(DataIn.class, initiator.receive());
      assertArrayEquals(new byte[BLOCK], initiator.readBlocks(0, 0, 1).data());
    }
  }

  /** §11.7: parameter data longer than the initiator's segments. */
  @Test
  void parameterDataAreCutIntoTheInitiatorsSegments() throws Exception {
    byte[] supportedOpcodes =
        ByteBuffer.allocate(16)
            .put(0, (byte) 0xA3)
            .put(1, (byte) 0x0C)
            .put(2, (byte) 0x80)
            .putInt(6, 4096)
            .array();
    try (TestServer server = TestServer.of(disk)) {
      byte[] whole = server.login().read(0, supportedOpcodes, 4096).data();
      Initiator small =
          server.login(
              TestServer.options()
                  .withIsid(new Isid(0x00023D000002L))
                  .with("MaxRecvDataSegmentLength", "512"));
      byte[] cut = small.read(0, supportedOpcodes, 4096).data();
      assertTrue(whole.length > 512, whole.length + " bytes are one segment");
      assertArrayEquals(whole, cut);
    }
  }

  private static ScsiCommand read(boolean immediate, int itt, int cmdSn) {
    return command(immediate, 0x88, itt, cmdSn, Unpooled.EMPTY_BUFFER);
  }

  private static ScsiCommand command(
      boolean immediate, int opcode, int itt, int cmdSn, ByteBuf data) {
    ByteBuffer cdb = ByteBuffer.wrap(Initiator.cdb16(opcode, 0, 1));
    return new ScsiCommand(
        immediate,
        true,
        opcode == 0x88,
        opcode != 0x88,
        ScsiCommand.SIMPLE,
        0,
        itt,
        BLOCK,
        cmdSn,
        0,
        cdb.getLong(),
        cdb.getLong(),
        Ahs.NONE,
        data);
  }
}
