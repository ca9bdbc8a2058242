// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/**
 * Data of a write (RFC 7143 §11.7).
 *
 * @param last the F bit: the end of the unsolicited data, or of the answer to an R2T
 * @param ttt the tag of the R2T that this answers, or {@link Tag#NONE} for unsolicited data
 * @param bufferOffset in bytes from the beginning of the command's data, unsigned
 */
public record DataOut(
    boolean last,
    long lun,
    int itt,
    int ttt,
    int expStatSn,
    int dataSn,
    int bufferOffset,
    ByteBuf data)
    implements InitiatorPdu {

  static DataOut decode(ByteBuf in, int at, ByteBuf data) {
    return new DataOut(
        Bhs.flag(in, at, Bhs.FINAL_BIT),
        in.getLong(at + Bhs.LUN),
        in.getInt(at + Bhs.INITIATOR_TASK_TAG),
        in.getInt(at + Bhs.TARGET_TRANSFER_TAG),
        in.getInt(at + Bhs.EXP_STAT_SN),
        in.getInt(at + Bhs.DATA_SN),
        in.getInt(at + Bhs.DATA_BUFFER_OFFSET),
        data);
  }

  @Override
  public void encodeHeader(ByteBuf out) {
    int at = Bhs.begin(out, Opcode.DATA_OUT, last ? Bhs.FINAL_BIT : 0, data.readableBytes());
    out.setLong(at + Bhs.LUN, lun);
    out.setInt(at + Bhs.INITIATOR_TASK_TAG, itt);
    out.setInt(at + Bhs.TARGET_TRANSFER_TAG, ttt);
    out.setInt(at + Bhs.EXP_STAT_SN, expStatSn);
    out.setInt(at + Bhs.DATA_SN, dataSn);
    out.setInt(at + Bhs.DATA_BUFFER_OFFSET, bufferOffset);
  }
}
