// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/**
 * A PDU was not taken (RFC 7143 §11.17).
 *
 * @param data the header of the PDU that was not taken
 */
public record Reject(int reason, int statSn, int expCmdSn, int maxCmdSn, int dataSn, ByteBuf data)
    implements TargetPdu {

  public static final int DATA_DIGEST_ERROR = 0x02;
  public static final int SNACK_REJECT = 0x03;
  public static final int PROTOCOL_ERROR = 0x04;
  public static final int COMMAND_NOT_SUPPORTED = 0x05;
  public static final int TOO_MANY_IMMEDIATE = 0x06;
  public static final int TASK_IN_PROGRESS = 0x07;
  public static final int INVALID_DATA_ACK = 0x08;
  public static final int INVALID_PDU_FIELD = 0x09;
  public static final int OUT_OF_RESOURCES = 0x0A;
  public static final int WAITING_FOR_LOGOUT = 0x0C;

  static Reject decode(ByteBuf in, int at, ByteBuf data) {
    return new Reject(
        in.getUnsignedByte(at + Bhs.REJECT_REASON),
        in.getInt(at + Bhs.STAT_SN),
        in.getInt(at + Bhs.EXP_CMD_SN),
        in.getInt(at + Bhs.MAX_CMD_SN),
        in.getInt(at + Bhs.REJECT_DATA_SN),
        data);
  }

  @Override
  public int itt() {
    return Tag.NONE;
  }

  @Override
  public void encodeHeader(ByteBuf out) {
    int at = Bhs.begin(out, Opcode.REJECT, Bhs.FINAL_BIT, data.readableBytes());
    out.setByte(at + Bhs.REJECT_REASON, reason);
    out.setInt(at + Bhs.INITIATOR_TASK_TAG, Tag.NONE);
    Bhs.numbers(out, at, statSn, expCmdSn, maxCmdSn);
    out.setInt(at + Bhs.REJECT_DATA_SN, dataSn);
  }
}
