// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/** The target is ready for a part of a write's data (RFC 7143 §11.8). Lengths are in bytes. */
public record ReadyToTransfer(
    long lun,
    int itt,
    int ttt,
    int statSn,
    int expCmdSn,
    int maxCmdSn,
    int r2tSn,
    int bufferOffset,
    int desiredLength)
    implements TargetPdu {

  static ReadyToTransfer decode(ByteBuf in, int at, ByteBuf data) throws MalformedPduException {
    Empty.check(data, Opcode.READY_TO_TRANSFER);
    return new ReadyToTransfer(
        in.getLong(at + Bhs.LUN),
        in.getInt(at + Bhs.INITIATOR_TASK_TAG),
        in.getInt(at + Bhs.TARGET_TRANSFER_TAG),
        in.getInt(at + Bhs.STAT_SN),
        in.getInt(at + Bhs.EXP_CMD_SN),
        in.getInt(at + Bhs.MAX_CMD_SN),
        in.getInt(at + Bhs.R2T_SN),
        in.getInt(at + Bhs.R2T_BUFFER_OFFSET),
        in.getInt(at + Bhs.R2T_DESIRED_LENGTH));
  }

  @Override
  public void encodeHeader(ByteBuf out) {
    int at = Bhs.begin(out, Opcode.READY_TO_TRANSFER, Bhs.FINAL_BIT, 0);
    out.setLong(at + Bhs.LUN, lun);
    out.setInt(at + Bhs.INITIATOR_TASK_TAG, itt);
    out.setInt(at + Bhs.TARGET_TRANSFER_TAG, ttt);
    Bhs.numbers(out, at, statSn, expCmdSn, maxCmdSn);
    out.setInt(at + Bhs.R2T_SN, r2tSn);
    out.setInt(at + Bhs.R2T_BUFFER_OFFSET, bufferOffset);
    out.setInt(at + Bhs.R2T_DESIRED_LENGTH, desiredLength);
  }
}
