// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/** A ping, or the answer to one (RFC 7143 §11.18). */
public record NopOut(
    boolean immediate, long lun, int itt, int ttt, int cmdSn, int expStatSn, ByteBuf data)
    implements InitiatorPdu {

  static NopOut decode(ByteBuf in, int at, ByteBuf data) {
    return new NopOut(
        Bhs.immediate(in, at),
        in.getLong(at + Bhs.LUN),
        in.getInt(at + Bhs.INITIATOR_TASK_TAG),
        in.getInt(at + Bhs.TARGET_TRANSFER_TAG),
        in.getInt(at + Bhs.CMD_SN),
        in.getInt(at + Bhs.EXP_STAT_SN),
        data);
  }

  @Override
  public void encodeHeader(ByteBuf out) {
    int at =
        Bhs.begin(
            out, Opcode.NOP_OUT | Bhs.immediateBit(immediate), Bhs.FINAL_BIT, data.readableBytes());
    out.setLong(at + Bhs.LUN, lun);
    out.setInt(at + Bhs.INITIATOR_TASK_TAG, itt);
    out.setInt(at + Bhs.TARGET_TRANSFER_TAG, ttt);
    out.setInt(at + Bhs.CMD_SN, cmdSn);
    out.setInt(at + Bhs.EXP_STAT_SN, expStatSn);
  }
}
