// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import static dev.rootstock.target.pdu.Figure.text;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.Unpooled;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/**
 * The PDUs that a target sends, each as its {@link Figure} has it, read and written: so that the
 * codec does not only agree with itself.
 */
class TargetPduFiguresTest {

  @Test
  void scsiResponse_11_4() throws Exception {
    check(
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
    check(
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
    check(
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
  void taskManagementResponse_11_6() throws Exception {
    check(
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
  void dataInWithStatus_11_7() throws Exception {
    check(
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
    check(
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
    check(
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
    check(
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
    check(
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
  void textResponseToBeContinued_11_11() throws Exception {
    check(
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
  void loginResponse_11_13() throws Exception {
    check(
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
  void logoutResponse_11_15() throws Exception {
    check(
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
  void reject_11_17() throws Exception {
    check(
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
  void nopIn_11_19() throws Exception {
    check(
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

  private static void check(String words, TargetPdu pdu) throws Exception {
    Figure figure = Figure.of(words);
    assertEquals(pdu, TargetPdu.decode(figure.bytes(), 0, figure.data()));
    assertEquals(figure.hex(), Figure.hex(pdu));
  }
}
