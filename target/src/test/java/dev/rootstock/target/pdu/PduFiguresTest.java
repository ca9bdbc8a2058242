// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/**
 * PDUs written out by hand from the figures of RFC 7143 §11, so that the codec does not only agree
 * with itself. A line of text is a word of the figure; data follow the header.
 */
class PduFiguresTest {

  @Test
  void scsiCommand_11_3() throws Exception {
    initiator(
        """
        41 c1 0000
        00 000000
        0001000000000000
        11223344
        00002000
        0000007b
        00000005
        28 00 00000010 00 0010 00 000000000000
        """,
        new ScsiCommand(
            true,
            true,
            true,
            false,
            ScsiCommand.SIMPLE,
            0x0001_0000_0000_0000L,
            0x11223344,
            8192,
            123,
            5,
            0x2800_0000_0010_0000L,
            0x1000_0000_0000_0000L,
            Ahs.NONE,
            Unpooled.EMPTY_BUFFER));
  }

  @Test
  void scsiCommandWithUnsolicitedDataToFollow_11_3_1() throws Exception {
    initiator(
        """
        01 23 0000
        00 000004
        0000000000000000
        00000007
        ffffffff
        80000000
        7fffffff
        2a 00 00000010 00 0010 00 000000000000
        61626364
        """,
        new ScsiCommand(
            false,
            false,
            false,
            true,
            ScsiCommand.HEAD_OF_QUEUE,
            0,
            7,
            -1,
            0x80000000,
            0x7FFFFFFF,
            0x2A00_0000_0010_0000L,
            0x1000_0000_0000_0000L,
            Ahs.NONE,
            text("abcd")));
  }

  @Test
  void additionalHeaderSegments_11_2_2() throws Exception {
    initiator(
        """
        01 e1 0000
        05 000000
        0000000000000000
        00000001
        00000200
        00000001
        00000001
        7f 00 00 00 00 00 00 18 0009 00 00 00000000
        0007 01 00
        a1a2a3a4 a5a60000
        0005 02 00
        00000400
        """,
        new ScsiCommand(
            false,
            true,
            true,
            true,
            ScsiCommand.SIMPLE,
            0,
            1,
            512,
            1,
            1,
            0x7F00_0000_0000_0018L,
            0x0009_0000_0000_0000L,
            new Ahs(ByteBuffer.wrap(HexFormat.of().parseHex("a1a2a3a4a5a6")), 1024),
            Unpooled.EMPTY_BUFFER));
  }

  @Test
  void scsiResponse_11_4() throws Exception {
    target(
        """
        21 82 00 02
        00 000006
        0000000000000000
        0000002a
        00000000
        00000101
        00000202
        00000303
        00000004
        00000000
        00001000
        0004 70000500
        """,
        new ScsiResponse(
            0,
            2,
            42,
            0,
            0x101,
            0x202,
            0x303,
            4,
            new Residual(false, 4096),
            Residual.NONE,
            Unpooled.wrappedBuffer(HexFormat.of().parseHex("000470000500"))));
  }

  @Test
  void scsiResponseWithBothResidualsAndASnackTag_11_4_4() throws Exception {
    target(
        """
        21 94 00 00
        00 000000
        0000000000000000
        0000002a
        55667788
        00000101
        00000202
        00000303
        00000007
        00000200
        00000400
        """,
        new ScsiResponse(
            0,
            0,
            42,
            0x55667788,
            0x101,
            0x202,
            0x303,
            7,
            new Residual(true, 0x400),
            new Residual(true, 0x200),
            Unpooled.EMPTY_BUFFER));
  }

  @Test
  void dataInThatAsksForAnAcknowledgement_11_7_2() throws Exception {
    target(
        """
        25 c0 0000
        00 000004
        0001000000000000
        0000002a
        00000055
        00000101
        00000202
        00000303
        00000007
        00001c00
        00000000
        61626364
        """,
        new DataIn(
            true,
            true,
            false,
            0,
            0x0001_0000_0000_0000L,
            42,
            0x55,
            0x101,
            0x202,
            0x303,
            7,
            0x1c00,
            Residual.NONE,
            text("abcd")));
  }

  @Test
  void snackOfEachKind_11_16_1() throws Exception {
    for (int type = 0; type < 4; type++) {
      initiator(
          """
          10 8%d 0000
          00 000000
          0002000000000000
          00000009
          0000000a
          00000000
          0000000b
          00000000
          00000000
          0000000c
          0000000d
          """
              .formatted(type),
          new SnackRequest(type, 0x0002_0000_0000_0000L, 9, 10, 11, 12, 13));
    }
  }

  @Test
  void taskManagementRequest_11_5() throws Exception {
    initiator(
        """
        42 81 0000
        00 000000
        0002000000000000
        00000009
        00000008
        00000100
        00000200
        000000ff
        00000000
        00000000
        00000000
        """,
        new TaskManagementRequest(
            true,
            TaskManagementRequest.ABORT_TASK,
            0x0002_0000_0000_0000L,
            9,
            8,
            0x100,
            0x200,
            0xFF,
            0));
  }

  @Test
  void taskManagementResponse_11_6() throws Exception {
    target(
        """
        22 80 ff 00
        00 000000
        0000000000000000
        00000009
        00000000
        00000010
        00000020
        00000030
        00000000
        00000000
        00000000
        """,
        new TaskManagementResponse(TaskManagementResponse.REJECTED, 9, 16, 32, 48));
  }

  @Test
  void dataOut_11_7() throws Exception {
    initiator(
        """
        05 80 0000
        00 000005
        0000000000000000
        00000003
        000000aa
        00000000
        00000011
        00000000
        00000002
        00000400
        00000000
        68656c6c 6f
        """,
        new DataOut(true, 0, 3, 0xAA, 0x11, 2, 1024, text("hello")));
  }

  @Test
  void dataInWithStatus_11_7() throws Exception {
    target(
        """
        25 83 00 00
        00 000004
        0000000000000000
        00000003
        ffffffff
        00000001
        00000002
        00000003
        00000004
        00000200
        0000000c
        64617461
        """,
        new DataIn(
            true,
            false,
            true,
            0,
            0,
            3,
            Tag.NONE,
            1,
            2,
            3,
            4,
            512,
            new Residual(false, 12),
            text("data")));
  }

  @Test
  void dataInWithoutStatus_11_7() throws Exception {
    target(
        """
        25 00 00 00
        00 000004
        0000000000000000
        00000003
        ffffffff
        00000001
        00000002
        00000003
        00000000
        00000000
        00000000
        64617461
        """,
        new DataIn(
            false, false, false, 0, 0, 3, Tag.NONE, 1, 2, 3, 0, 0, Residual.NONE, text("data")));
  }

  @Test
  void dataInWithOverflow_11_7_3() throws Exception {
    target(
        """
        25 85 00 00
        00 000004
        0000000000000000
        00000003
        ffffffff
        00000001
        00000002
        00000003
        00000000
        00000000
        000001fc
        64617461
        """,
        new DataIn(
            true,
            false,
            true,
            0,
            0,
            3,
            Tag.NONE,
            1,
            2,
            3,
            0,
            0,
            new Residual(true, 508),
            text("data")));
  }

  @Test
  void readyToTransfer_11_8() throws Exception {
    target(
        """
        31 80 0000
        00 000000
        0000000000000000
        00000003
        0000beef
        00000011
        00000012
        00000013
        00000001
        00010000
        00040000
        """,
        new ReadyToTransfer(0, 3, 0xBEEF, 17, 18, 19, 1, 65536, 262144));
  }

  @Test
  void asyncMessage_11_9() throws Exception {
    target(
        """
        32 80 0000
        00 000000
        0000000000000000
        ffffffff
        00000000
        00000011
        00000012
        00000013
        02 00 0001
        0003 0004
        00000000
        """,
        new AsyncMessage(0, 17, 18, 19, 2, 0, 1, 3, 4, Unpooled.EMPTY_BUFFER));
  }

  @Test
  void textRequest_11_10() throws Exception {
    initiator(
        """
        04 80 0000
        00 000010
        0000000000000000
        00000005
        ffffffff
        00000001
        00000002
        00000000
        00000000
        00000000
        00000000
        53656e64 54617267 6574733d 416c6c00
        """,
        new TextRequest(false, true, false, 0, 5, Tag.NONE, 1, 2, text("SendTargets=All\0")));
  }

  @Test
  void textResponseToBeContinued_11_11() throws Exception {
    target(
        """
        24 40 0000
        00 000001
        0000000000000000
        00000005
        12345678
        00000001
        00000002
        00000003
        00000000
        00000000
        00000000
        78
        """,
        new TextResponse(false, true, 0, 5, 0x12345678, 1, 2, 3, text("x")));
  }

  @Test
  void loginRequest_11_12() throws Exception {
    initiator(
        """
        43 87 0201
        00 000002
        400027231234 0102
        00000005
        0003 0000
        00000064
        00000065
        00000000
        00000000
        00000000
        00000000
        4100
        """,
        new LoginRequest(
            true, false, 1, 3, 2, 1, 0x4000_2723_1234L, 0x102, 5, 3, 100, 101, text("A\0")));
  }

  @Test
  void loginResponse_11_13() throws Exception {
    target(
        """
        23 81 0000
        00 000000
        400027231234 0000
        00000005
        00000000
        00000007
        00000008
        00000009
        0207 0000
        00000000
        00000000
        """,
        new LoginResponse(
            true,
            false,
            0,
            1,
            0,
            0,
            0x4000_2723_1234L,
            0,
            5,
            7,
            8,
            9,
            0x0207,
            Unpooled.EMPTY_BUFFER));
  }

  @Test
  void logoutRequest_11_14() throws Exception {
    initiator(
        """
        46 81 0000
        00 000000
        0000000000000000
        00000006
        0003 0000
        00000001
        00000002
        00000000
        00000000
        00000000
        00000000
        """,
        new LogoutRequest(true, LogoutRequest.CLOSE_CONNECTION, 6, 3, 1, 2));
  }

  @Test
  void logoutResponse_11_15() throws Exception {
    target(
        """
        26 80 01 00
        00 000000
        0000000000000000
        00000006
        00000000
        00000001
        00000002
        00000003
        00000000
        0002 0014
        00000000
        """,
        new LogoutResponse(LogoutResponse.CID_NOT_FOUND, 6, 1, 2, 3, 2, 20));
  }

  @Test
  void snackRequest_11_16() throws Exception {
    initiator(
        """
        10 81 0000
        00 000000
        0000000000000000
        ffffffff
        ffffffff
        00000000
        00000002
        00000000
        00000000
        00000005
        00000006
        """,
        new SnackRequest(1, 0, Tag.NONE, Tag.NONE, 2, 5, 6));
  }

  @Test
  void reject_11_17() throws Exception {
    target(
        """
        3f 80 04 00
        00 000004
        0000000000000000
        ffffffff
        00000000
        00000001
        00000002
        00000003
        00000000
        00000000
        00000000
        01020304
        """,
        new Reject(
            Reject.PROTOCOL_ERROR, 1, 2, 3, 0, Unpooled.wrappedBuffer(new byte[] {1, 2, 3, 4})));
  }

  @Test
  void nopOut_11_18() throws Exception {
    initiator(
        """
        40 80 0000
        00 000004
        0000000000000000
        00000008
        ffffffff
        00000001
        00000002
        00000000
        00000000
        00000000
        00000000
        70696e67
        """,
        new NopOut(true, 0, 8, Tag.NONE, 1, 2, text("ping")));
  }

  @Test
  void nopIn_11_19() throws Exception {
    target(
        """
        20 80 0000
        00 000000
        0000000000000000
        ffffffff
        00000009
        00000001
        00000002
        00000003
        00000000
        00000000
        00000000
        """,
        new NopIn(0, Tag.NONE, 9, 1, 2, 3, Unpooled.EMPTY_BUFFER));
  }

  private static void initiator(String figure, InitiatorPdu pdu) throws Exception {
    ByteBuf bytes = bytes(figure);
    assertEquals(pdu, InitiatorPdu.decode(bytes, 0, data(bytes)));
    assertEquals(ByteBufUtil.hexDump(bytes), encoded(pdu));
  }

  private static void target(String figure, TargetPdu pdu) throws Exception {
    ByteBuf bytes = bytes(figure);
    assertEquals(pdu, TargetPdu.decode(bytes, 0, data(bytes)));
    assertEquals(ByteBufUtil.hexDump(bytes), encoded(pdu));
  }

  private static ByteBuf bytes(String figure) {
    return Unpooled.wrappedBuffer(HexFormat.of().parseHex(figure.replaceAll("\\s", "")));
  }

  private static ByteBuf data(ByteBuf all) {
    return all.slice(Bhs.BYTES + Bhs.ahsBytes(all, 0), Bhs.dataSegmentLength(all, 0));
  }

  private static ByteBuf text(String text) {
    return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
  }

  private static String encoded(Pdu pdu) {
    ByteBuf out = Unpooled.buffer();
    pdu.encodeHeader(out);
    return ByteBufUtil.hexDump(out.writeBytes(pdu.data().duplicate()));
  }
}
