// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/** The answer to a Text Request (RFC 7143 §11.11); fields as in {@link TextRequest}. */
public record TextResponse(
    boolean complete,
    boolean more,
    long lun,
    int itt,
    int ttt,
    int statSn,
    int expCmdSn,
    int maxCmdSn,
    ByteBuf data)
    implements TargetPdu {

  static TextResponse decode(ByteBuf in, int at, ByteBuf data) {
    return new TextResponse(
        Bhs.flag(in, at, Bhs.FINAL_BIT),
        Bhs.flag(in, at, Bhs.TEXT_CONTINUE_BIT),
        in.getLong(at + Bhs.LUN),
        in.getInt(at + Bhs.INITIATOR_TASK_TAG),
        in.getInt(at + Bhs.TARGET_TRANSFER_TAG),
        in.getInt(at + Bhs.STAT_SN),
        in.getInt(at + Bhs.EXP_CMD_SN),
        in.getInt(at + Bhs.MAX_CMD_SN),
        data);
  }

  @Override
  public void encodeHeader(ByteBuf out) {
    int flags = (complete ? Bhs.FINAL_BIT : 0) | (more ? Bhs.TEXT_CONTINUE_BIT : 0);
    int at = Bhs.begin(out, Opcode.TEXT_RESPONSE, flags, data.readableBytes());
    out.setLong(at + Bhs.LUN, lun);
    out.setInt(at + Bhs.INITIATOR_TASK_TAG, itt);
    out.setInt(at + Bhs.TARGET_TRANSFER_TAG, ttt);
    Bhs.numbers(out, at, statSn, expCmdSn, maxCmdSn);
  }
}
