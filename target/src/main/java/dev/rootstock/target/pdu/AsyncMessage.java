// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/** Something that happened without a command (RFC 7143 §11.9). */
public record AsyncMessage(
    long lun,
    int statSn,
    int expCmdSn,
    int maxCmdSn,
    int event,
    int vendorCode,
    int parameter1,
    int parameter2,
    int parameter3,
    ByteBuf data)
    implements TargetPdu {

  /** The codes of §11.9.1. */
  public static final int SCSI_EVENT = 0;

  public static final int LOGOUT_REQUEST = 1;
  public static final int CONNECTION_DROPPED = 2;
  public static final int SESSION_DROPPED = 3;
  public static final int NEGOTIATION_REQUEST = 4;
  public static final int TASK_TERMINATION = 5;

  static AsyncMessage decode(ByteBuf in, int at, ByteBuf data) {
    return new AsyncMessage(
        in.getLong(at + Bhs.LUN),
        in.getInt(at + Bhs.STAT_SN),
        in.getInt(at + Bhs.EXP_CMD_SN),
        in.getInt(at + Bhs.MAX_CMD_SN),
        in.getUnsignedByte(at + Bhs.ASYNC_EVENT),
        in.getUnsignedByte(at + Bhs.ASYNC_VENDOR_CODE),
        in.getUnsignedShort(at + Bhs.ASYNC_PARAMETER_1),
        in.getUnsignedShort(at + Bhs.ASYNC_PARAMETER_2),
        in.getUnsignedShort(at + Bhs.ASYNC_PARAMETER_3),
        data);
  }

  @Override
  public int itt() {
    return Tag.NONE;
  }

  @Override
  public void encodeHeader(ByteBuf out) {
    int at = Bhs.begin(out, Opcode.ASYNC_MESSAGE, Bhs.FINAL_BIT, data.readableBytes());
    out.setLong(at + Bhs.LUN, lun);
    out.setInt(at + Bhs.INITIATOR_TASK_TAG, Tag.NONE);
    Bhs.numbers(out, at, statSn, expCmdSn, maxCmdSn);
    out.setByte(at + Bhs.ASYNC_EVENT, event);
    out.setByte(at + Bhs.ASYNC_VENDOR_CODE, vendorCode);
    out.setShort(at + Bhs.ASYNC_PARAMETER_1, parameter1);
    out.setShort(at + Bhs.ASYNC_PARAMETER_2, parameter2);
    out.setShort(at + Bhs.ASYNC_PARAMETER_3, parameter3);
  }
}
