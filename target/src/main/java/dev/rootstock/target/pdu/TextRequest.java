// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/**
 * A text request (RFC 7143 §11.10).
 *
 * @param complete the F bit
 * @param more the C bit: the text goes on in the next request
 */
public record TextRequest(
    boolean immediate,
    boolean complete,
    boolean more,
    long lun,
    int itt,
    int ttt,
    int cmdSn,
    int expStatSn,
    ByteBuf data)
    implements InitiatorPdu {

  static TextRequest decode(ByteBuf in, int at, ByteBuf data) throws MalformedPduException {
    boolean complete = Bhs.flag(in, at, Bhs.FINAL_BIT);
    boolean more = Bhs.flag(in, at, Bhs.TEXT_CONTINUE_BIT);
    if (complete && more) {
      // §11.10.2
      throw new MalformedPduException("text request with both F and C, flags", Bhs.flags(in, at));
    }
    return new TextRequest(
        Bhs.immediate(in, at),
        complete,
        more,
        in.getLong(at + Bhs.LUN),
        in.getInt(at + Bhs.INITIATOR_TASK_TAG),
        in.getInt(at + Bhs.TARGET_TRANSFER_TAG),
        in.getInt(at + Bhs.CMD_SN),
        in.getInt(at + Bhs.EXP_STAT_SN),
        data);
  }

  @Override
  public void encodeHeader(ByteBuf out) {
    int flags = (complete ? Bhs.FINAL_BIT : 0) | (more ? Bhs.TEXT_CONTINUE_BIT : 0);
    int at =
        Bhs.begin(
            out, Opcode.TEXT_REQUEST | Bhs.immediateBit(immediate), flags, data.readableBytes());
    out.setLong(at + Bhs.LUN, lun);
    out.setInt(at + Bhs.INITIATOR_TASK_TAG, itt);
    out.setInt(at + Bhs.TARGET_TRANSFER_TAG, ttt);
    out.setInt(at + Bhs.CMD_SN, cmdSn);
    out.setInt(at + Bhs.EXP_STAT_SN, expStatSn);
  }
}
