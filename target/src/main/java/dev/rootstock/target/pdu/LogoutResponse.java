// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/**
 * The answer to a Logout Request (RFC 7143 §11.15).
 *
 * @param time2Wait in seconds
 * @param time2Retain in seconds
 */
public record LogoutResponse(
    int response, int itt, int statSn, int expCmdSn, int maxCmdSn, int time2Wait, int time2Retain)
    implements TargetPdu {

  public static final int CLOSED = 0;
  public static final int CID_NOT_FOUND = 1;
  public static final int RECOVERY_NOT_SUPPORTED = 2;
  public static final int CLEANUP_FAILED = 3;

  static LogoutResponse decode(ByteBuf in, int at, ByteBuf data) throws MalformedPduException {
    Empty.check(data, Opcode.LOGOUT_RESPONSE);
    return new LogoutResponse(
        in.getUnsignedByte(at + Bhs.LOGOUT_RESPONSE),
        in.getInt(at + Bhs.INITIATOR_TASK_TAG),
        in.getInt(at + Bhs.STAT_SN),
        in.getInt(at + Bhs.EXP_CMD_SN),
        in.getInt(at + Bhs.MAX_CMD_SN),
        in.getUnsignedShort(at + Bhs.LOGOUT_TIME_TO_WAIT),
        in.getUnsignedShort(at + Bhs.LOGOUT_TIME_TO_RETAIN));
  }

  @Override
  public void encodeHeader(ByteBuf out) {
    int at = Bhs.begin(out, Opcode.LOGOUT_RESPONSE, Bhs.FINAL_BIT, 0);
    out.setByte(at + Bhs.LOGOUT_RESPONSE, response);
    out.setInt(at + Bhs.INITIATOR_TASK_TAG, itt);
    Bhs.numbers(out, at, statSn, expCmdSn, maxCmdSn);
    out.setShort(at + Bhs.LOGOUT_TIME_TO_WAIT, time2Wait);
    out.setShort(at + Bhs.LOGOUT_TIME_TO_RETAIN, time2Retain);
  }
}
