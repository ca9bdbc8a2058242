// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import static dev.rootstock.target.pdu.Figure.text;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/**
 * The PDUs that an initiator sends, each as its {@link Figure} has it, read and written: so that
 * the codec does not only agree with itself.
 */
class InitiatorPduFiguresTest {

  @Test
  void scsiCommand_11_3() throws Exception {
    check(
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
    check(
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
    check(
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
  void snackOfEachKind_11_16_1() throws Exception {
    for (int type = 0; type < 4; type++) {
      check(
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
    check(
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
  void dataOut_11_7() throws Exception {
    check(
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
  void textRequest_11_10() throws Exception {
    check(
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
  void loginRequest_11_12() throws Exception {
    check(
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
  void logoutRequest_11_14() throws Exception {
    check(
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
  void snackRequest_11_16() throws Exception {
    check(
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
  void nopOut_11_18() throws Exception {
    check(
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

  private static void check(String words, InitiatorPdu pdu) throws Exception {
    Figure figure = Figure.of(words);
    assertEquals(pdu, InitiatorPdu.decode(figure.bytes(), 0, figure.data()));
    assertEquals(figure.hex(), Figure.hex(pdu));
  }
}
