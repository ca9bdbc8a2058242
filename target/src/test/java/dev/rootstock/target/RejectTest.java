// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static dev.rootstock.target.Requests.assertRejected;
import static dev.rootstock.target.Requests.r2t;
import static dev.rootstock.target.Requests.sendWrite;
import static dev.rootstock.target.pdu.TaskManagementRequest.LOGICAL_UNIT_RESET;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.PduSocket;
import dev.rootstock.target.pdu.Ahs;
import dev.rootstock.target.pdu.DataIn;
import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.LogoutRequest;
import dev.rootstock.target.pdu.NopOut;
import dev.rootstock.target.pdu.ReadyToTransfer;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.pdu.TaskManagementRequest;
import dev.rootstock.target.pdu.TaskManagementResponse;
import dev.rootstock.target.pdu.TextRequest;
import dev.rootstock.target.pdu.TextResponse;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that are not taken, and the numbers that they came with (RFC 7143 §7.3, §11.17). */
class RejectTest {
  private static final int TAG = 0x7000;

  private final MemoryBlockDevice disk = new MemoryBlockDevice(1 << 20);
  private final SlowDevice slow = new SlowDevice(disk);

  /** What may be numbered. */
  enum Kind {
    COMMAND,
    NOP,
    TEXT,
    FUNCTION,
    LOGOUT
  }

  private static InitiatorPdu request(Kind kind, boolean immediate, int itt, int cmdSn) {
    return switch (kind) {
      case COMMAND -> read(immediate, itt, cmdSn);
      case NOP -> new NopOut(immediate, 0, itt, Tag.NONE, cmdSn, 0, Unpooled.EMPTY_BUFFER);
      case TEXT -> text(immediate, itt, Tag.NONE, cmdSn, "SendTargets=\0", false);
      case FUNCTION ->
          new TaskManagementRequest(
              immediate, LOGICAL_UNIT_RESET, 0, itt, Tag.NONE, cmdSn, 0, 0, 0);
      case LOGOUT -> new LogoutRequest(immediate, LogoutRequest.CLOSE_SESSION, itt, 0, cmdSn, 0);
    };
  }

  private static ScsiCommand read(boolean immediate, int itt, int cmdSn) {
    ByteBuffer cdb = ByteBuffer.wrap(Initiator.cdb16(0x88, 0, 1));
    return new ScsiCommand(
        immediate,
        true,
        true,
        false,
        ScsiCommand.SIMPLE,
        0,
        itt,
        512,
        cmdSn,
        0,
        cdb.getLong(),
        cdb.getLong(),
        Ahs.NONE,
        Unpooled.EMPTY_BUFFER);
  }

  private static TextRequest text(
      boolean immediate, int itt, int ttt, int cmdSn, String text, boolean more) {
    ByteBuf data = Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    return new TextRequest(immediate, !more, more, 0, itt, ttt, cmdSn, 0, data);
  }

  private static TaskManagementRequest reset(Initiator by, boolean immediate, int cmdSn) {
    return (TaskManagementRequest) request(Kind.FUNCTION, immediate, by.newTag(), cmdSn);
  }

  /** §7.3: there is a gap at its number, which another request fills. */
  private static void assertNumberIsFree(Initiator initiator, int cmdSn, int reason)
      throws IOException {
    Reject reject = assertInstanceOf(Reject.class, initiator.receive());
    assertEquals(reason, reject.reason());
    assertEquals(cmdSn, reject.expCmdSn());
    initiator.socket().send(read(false, TAG + 99, cmdSn));
    assertEquals(cmdSn + 1, assertInstanceOf(DataIn.class, initiator.receive()).expCmdSn());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "MaxBurstLength=512\0",
        "SendTargets=All",
        "SendTargets=\0InitiatorAlias=x\0",
        "MaxRecvDataSegmentLength=1\0"
      })
  void aTextThatBreaksTheRulesLeavesItsNumberFree(String text) throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      int cmdSn = initiator.takeCmdSn();
      initiator.socket().send(text(false, TAG, Tag.NONE, cmdSn, text, false));
      assertNumberIsFree(initiator, cmdSn, Reject.PROTOCOL_ERROR);
    }
  }

  /** §11: a task attribute, a logout reason or an AHS type that is reserved is told of. */
  @ParameterizedTest
  @CsvSource({
    "COMMAND, c5, ''",
    "COMMAND, c7, ''",
    "COMMAND, c1, 0005000000000000",
    "COMMAND, c1, 0005030000000000",
    "LOGOUT, 83, ''",
    "LOGOUT, ff, ''",
  })
  void aReservedCodeLeavesItsNumberFree(Kind kind, String flags, String segments) throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      int cmdSn = initiator.takeCmdSn();
      for (boolean immediate : new boolean[] {true, false}) {
        byte[] more = HexFormat.of().parseHex(segments);
        byte[] pdu = PduSocket.bytes(request(kind, immediate, TAG, cmdSn));
        byte[] sent = Arrays.copyOf(pdu, pdu.length + more.length);
        System.arraycopy(more, 0, sent, pdu.length, more.length);
        sent[1] = (byte) Integer.parseInt(flags, 16);
        sent[4] = (byte) (more.length / 4);
        initiator.socket().sendBytes(sent);
        if (immediate) {
          assertRejected(Reject.PROTOCOL_ERROR, initiator.receive());
        }
      }
      assertNumberIsFree(initiator, cmdSn, Reject.PROTOCOL_ERROR);
    }
  }

  @Test
  void aTextWithATagThatIsNotOursLeavesItsNumberFree() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      int cmdSn = initiator.takeCmdSn();
      initiator.socket().send(text(false, TAG, 99, cmdSn, "SendTargets=\0", false));
      assertNumberIsFree(initiator, cmdSn, Reject.INVALID_PDU_FIELD);
    }
  }

  /** §11.10.3: the I bit is the same in all requests of a sequence. */
  @Test
  void aTextThatGoesOnWithAnotherIBitLeavesItsNumberFree() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      initiator.socket().send(text(true, TAG, Tag.NONE, initiator.cmdSn(), "SendTar", true));
      int ttt = assertInstanceOf(TextResponse.class, initiator.receive()).ttt();
      int cmdSn = initiator.takeCmdSn();
      initiator.socket().send(text(false, TAG, ttt, cmdSn, "gets=\0", false));
      assertNumberIsFree(initiator, cmdSn, Reject.INVALID_PDU_FIELD);
    }
  }

  /** §11.10.3: nor does another task go on with a sequence, whose tag it may know. */
  @Test
  void aTextThatGoesOnWithAnotherTaskTagLeavesItsNumberFree() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      initiator
          .socket()
          .send(text(false, TAG + 1, Tag.NONE, initiator.takeCmdSn(), "SendTar", true));
      int ttt = assertInstanceOf(TextResponse.class, initiator.receive()).ttt();
      int cmdSn = initiator.takeCmdSn();
      initiator.socket().send(text(false, TAG, ttt, cmdSn, "gets=\0", false));
      assertNumberIsFree(initiator, cmdSn, Reject.INVALID_PDU_FIELD);
    }
  }

  /** §6.2: more of an answer is asked for by an empty request. */
  @Test
  void aTextWithinAnAnswerThatIsNotWholeLeavesItsNumberFree() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator =
          server.login(TestServer.options().with("MaxRecvDataSegmentLength", "512"));
      StringBuilder keys = new StringBuilder();
      for (int i = 0; i < 40; i++) {
        keys.append("X-com.example.").append(i).append("=1\0");
      }
      initiator
          .socket()
          .send(text(false, TAG, Tag.NONE, initiator.takeCmdSn(), keys.toString(), false));
      TextResponse part = assertInstanceOf(TextResponse.class, initiator.receive());
      assertTrue(part.more());
      int cmdSn = initiator.takeCmdSn();
      initiator.socket().send(text(false, TAG, part.ttt(), cmdSn, "X-c=1\0", false));
      assertNumberIsFree(initiator, cmdSn, Reject.PROTOCOL_ERROR);
    }
  }

  @Test
  void aTextThatWaitsForItsTurnLeavesItsNumberFreeWhenItIsRefused() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      int first = initiator.takeCmdSn();
      int second = initiator.takeCmdSn();
      InitiatorPdu text = text(false, TAG, Tag.NONE, second, "MaxBurstLength=512\0", false);
      byte[] header = Arrays.copyOf(PduSocket.bytes(text), 48);
      initiator.socket().send(text);
      initiator.socket().send(read(false, TAG + 1, first));
      assertInstanceOf(DataIn.class, initiator.receive());
      Reject reject = assertInstanceOf(Reject.class, initiator.receive());
      assertEquals(second, reject.expCmdSn());
      assertArrayEquals(header, ByteBufUtil.getBytes(reject.data()));
      initiator.socket().send(read(false, TAG + 2, second));
      assertEquals(second + 1, assertInstanceOf(DataIn.class, initiator.receive()).expCmdSn());
    }
  }

  @Test
  void aFunctionForWhichThereIsNoRoomLeavesItsNumberFree() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      fillWithFunctions(initiator);
      int cmdSn = initiator.takeCmdSn();
      initiator.socket().send(reset(initiator, false, cmdSn));
      Reject reject = assertInstanceOf(Reject.class, initiator.receive());
      assertEquals(Reject.OUT_OF_RESOURCES, reject.reason());
      assertEquals(cmdSn, reject.expCmdSn());
      slow.letAll();
      for (int i = 0; i < Limits.PENDING_FUNCTIONS; i++) {
        assertInstanceOf(TaskManagementResponse.class, initiator.receive());
      }
      initiator.socket().send(reset(initiator, false, cmdSn));
      assertEquals(
          cmdSn + 1,
          assertInstanceOf(TaskManagementResponse.class, initiator.receive()).expCmdSn());
    }
  }

  /** Functions that all wait for one read. */
  private void fillWithFunctions(Initiator initiator) throws Exception {
    initiator.socket().send(read(false, TAG, initiator.takeCmdSn()));
    slow.awaitHeld(1);
    for (int i = 0; i < Limits.PENDING_FUNCTIONS; i++) {
      initiator.socket().send(reset(initiator, true, initiator.cmdSn()));
    }
  }

  /** §4.2.2.1: at least one immediate function of each connection is taken. */
  @Test
  void oneFunctionOfEachConnectionIsAlwaysTaken() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(TestServer.options().with("MaxConnections", "2"));
      Initiator two = server.join(one, 1);
      fillWithFunctions(one);
      one.ping(new byte[0]);
      two.socket().send(reset(two, true, two.cmdSn()));
      two.ping(new byte[0]);
      two.socket().send(reset(two, true, two.cmdSn()));
      assertRejected(Reject.OUT_OF_RESOURCES, two.receive());
      slow.letAll();
      // It is asked for acknowledgements first, which it is late to give.
      while (!(two.receive() instanceof TaskManagementResponse)) {
        two.ping(new byte[0]);
      }
    }
  }

  /** §4.2.2.1: at least one immediate command of each connection is taken. */
  @Test
  void oneImmediateCommandOfEachConnectionIsAlwaysTaken() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(TestServer.options().with("MaxConnections", "2"));
      Initiator two = server.join(one, 1);
      for (int i = 0; i < Limits.IMMEDIATE_COMMANDS; i++) {
        one.socket().send(read(true, TAG + i, one.cmdSn()));
      }
      slow.awaitHeld(Limits.IMMEDIATE_COMMANDS);
      two.socket().send(read(true, TAG + 100, two.cmdSn()));
      slow.awaitHeld(Limits.IMMEDIATE_COMMANDS + 1);
      two.socket().send(read(true, TAG + 101, two.cmdSn()));
      assertRejected(Reject.TOO_MANY_IMMEDIATE, two.receive());
      slow.letAll();
      assertInstanceOf(DataIn.class, two.receive());
    }
  }

  /** §11.2.1.8: a tag is unique in the session, whatever kind of task has it. */
  @ParameterizedTest
  @EnumSource(Kind.class)
  void aRequestWithTheTagOfATaskIsRejected(Kind kind) throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      initiator.socket().send(read(false, TAG, initiator.takeCmdSn()));
      slow.awaitHeld(1);
      for (boolean immediate : new boolean[] {true, false}) {
        initiator.socket().send(request(kind, immediate, TAG, initiator.cmdSn()));
        Reject reject = assertInstanceOf(Reject.class, initiator.receive());
        assertEquals(Reject.TASK_IN_PROGRESS, reject.reason());
        assertEquals(initiator.cmdSn(), reject.expCmdSn());
      }
      slow.letAll();
      assertInstanceOf(DataIn.class, initiator.receive());
    }
  }

  /** §11.2.1.8: the reserved value is no tag; §11.18.1: only a NOP-Out may go without. */
  @ParameterizedTest
  @EnumSource(Kind.class)
  void aNumberedRequestWithoutATagIsRejected(Kind kind) throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      int cmdSn = initiator.takeCmdSn();
      initiator.socket().send(request(kind, false, Tag.NONE, cmdSn));
      int reason = kind == Kind.NOP ? Reject.PROTOCOL_ERROR : Reject.INVALID_PDU_FIELD;
      assertNumberIsFree(initiator, cmdSn, reason);
    }
  }

  /** §11.17.4: all of its header, reserved bits and additional segments included. */
  @ParameterizedTest
  @CsvSource({"false, 0", "false, 1", "true, 0"})
  void aRejectBringsTheHeaderAsItCame(boolean corruptTag, int additional) throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      initiator.socket().send(read(false, TAG, initiator.takeCmdSn()));
      slow.awaitHeld(1);
      byte[] header =
          Arrays.copyOf(
              PduSocket.bytes(request(Kind.COMMAND, true, TAG, initiator.cmdSn())),
              48 + additional * 8);
      header[0] |= (byte) 0x80;
      header[1] |= 0x18;
      header[2] = 0x5A;
      header[3] = (byte) 0xA5;
      if (additional > 0) {
        header[4] = 2;
        // An extended CDB of one byte, with reserved bits and padding that are not 0.
        header[49] = 2;
        header[50] = (byte) 0xC1;
        header[51] = 0x33;
        header[52] = 0x11;
        header[55] = 0x77;
      }
      if (corruptTag) {
        Arrays.fill(header, 16, 20, (byte) 0xFF);
      }
      initiator.socket().sendBytes(header);
      Reject reject = assertInstanceOf(Reject.class, initiator.receive());
      assertEquals(
          corruptTag ? Reject.INVALID_PDU_FIELD : Reject.TASK_IN_PROGRESS, reject.reason());
      assertArrayEquals(header, ByteBufUtil.getBytes(reject.data()));
      slow.letAll();
    }
  }

  @Test
  void aRejectOfDataBringsTheirHeaderAsItCame() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      byte[] pdu = new byte[48 + 512];
      Arrays.fill(pdu, (byte) 0xEE);
      pdu[0] = 0x05;
      pdu[4] = 0;
      pdu[5] = 0;
      pdu[6] = 2;
      pdu[7] = 0;
      initiator.socket().sendBytes(pdu);
      Reject reject = assertInstanceOf(Reject.class, initiator.receive());
      assertEquals(Reject.INVALID_PDU_FIELD, reject.reason());
      assertArrayEquals(Arrays.copyOf(pdu, 48), ByteBufUtil.getBytes(reject.data()));
    }
  }

  /** §11.7.4, §4.2.5.3: the LUN of data that were asked for is the command's. */
  @Test
  void dataOfAnotherUnitThanTheirCommandAreRejected() throws Exception {
    try (TestServer server = TestServer.of(disk, new MemoryBlockDevice(1 << 20))) {
      Initiator initiator = server.login();
      ScsiCommand write = sendWrite(initiator, 0, 1);
      ReadyToTransfer r2t = r2t(initiator);
      ReadyToTransfer other =
          new ReadyToTransfer(
              1L << 48,
              r2t.itt(),
              r2t.ttt(),
              r2t.statSn(),
              r2t.expCmdSn(),
              r2t.maxCmdSn(),
              r2t.r2tSn(),
              r2t.bufferOffset(),
              r2t.desiredLength());
      byte[] wrong = new byte[512];
      Arrays.fill(wrong, (byte) 1);
      initiator.answer(other, wrong);
      assertRejected(Reject.INVALID_PDU_FIELD, initiator.receive());
      initiator.answer(r2t, new byte[512]);
      assertTrue(initiator.await(write.itt(), new byte[0]).good());
      assertArrayEquals(new byte[512], initiator.readBlocks(0, 0, 1).data());
    }
  }
}
