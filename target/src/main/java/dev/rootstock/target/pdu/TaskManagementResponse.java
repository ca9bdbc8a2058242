// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/** The end of a task management function (RFC 7143 §11.6). */
public record TaskManagementResponse(int response, int itt, int statSn, int expCmdSn, int maxCmdSn)
    implements TargetPdu {

  public static final int COMPLETE = 0;
  public static final int NO_SUCH_TASK = 1;
  public static final int NO_SUCH_LUN = 2;
  public static final int STILL_ALLEGIANT = 3;
  public static final int REASSIGN_NOT_SUPPORTED = 4;
  public static final int NOT_SUPPORTED = 5;
  public static final int AUTHORIZATION_FAILED = 6;
  public static final int REJECTED = 255;

  static TaskManagementResponse decode(ByteBuf in, int at, ByteBuf data)
      throws MalformedPduException {
    Empty.check(data, Opcode.TASK_MANAGEMENT_RESPONSE);
    return new TaskManagementResponse(
        in.getUnsignedByte(at + Bhs.RESPONSE_CODE),
        in.getInt(at + Bhs.INITIATOR_TASK_TAG),
        in.getInt(at + Bhs.STAT_SN),
        in.getInt(at + Bhs.EXP_CMD_SN),
        in.getInt(at + Bhs.MAX_CMD_SN));
  }

  @Override
  public void encodeHeader(ByteBuf out) {
    int at = Bhs.begin(out, Opcode.TASK_MANAGEMENT_RESPONSE, Bhs.FINAL_BIT, 0);
    out.setByte(at + Bhs.RESPONSE_CODE, response);
    out.setInt(at + Bhs.INITIATOR_TASK_TAG, itt);
    Bhs.numbers(out, at, statSn, expCmdSn, maxCmdSn);
  }
}
