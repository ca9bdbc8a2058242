// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/** The answer to a ping, or a ping of the target's (RFC 7143 §11.19). */
public record NopIn(
    long lun, int itt, int ttt, int statSn, int expCmdSn, int maxCmdSn, ByteBuf data)
    implements TargetPdu {

  static NopIn decode(ByteBuf in, int at, ByteBuf data) {
    return new NopIn(
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
    int at = Bhs.begin(out, Opcode.NOP_IN, Bhs.FINAL_BIT, data.readableBytes());
    out.setLong(at + Bhs.LUN, lun);
    out.setInt(at + Bhs.INITIATOR_TASK_TAG, itt);
    out.setInt(at + Bhs.TARGET_TRANSFER_TAG, ttt);
    Bhs.numbers(out, at, statSn, expCmdSn, maxCmdSn);
  }
}
