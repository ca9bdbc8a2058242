// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/** A request to send something again (RFC 7143 §11.16). */
public record SnackRequest(
    int type, long lun, int itt, int ttt, int expStatSn, int begRun, int runLength)
    implements InitiatorPdu {

  /** Data-In PDUs or R2Ts of a task. */
  public static final int DATA_OR_R2T = 0;

  /** Numbered responses. */
  public static final int STATUS = 1;

  /** An acknowledgement of Data-In PDUs. */
  public static final int DATA_ACK = 2;

  /** All data of a task that are not acknowledged, perhaps in other segments. */
  public static final int R_DATA = 3;

  static SnackRequest decode(ByteBuf in, int at, ByteBuf data) throws MalformedPduException {
    Empty.check(data, Opcode.SNACK_REQUEST);
    return new SnackRequest(
        Bhs.flags(in, at) & Bhs.SNACK_TYPE_MASK,
        in.getLong(at + Bhs.LUN),
        in.getInt(at + Bhs.INITIATOR_TASK_TAG),
        in.getInt(at + Bhs.TARGET_TRANSFER_TAG),
        in.getInt(at + Bhs.EXP_STAT_SN),
        in.getInt(at + Bhs.SNACK_BEG_RUN),
        in.getInt(at + Bhs.SNACK_RUN_LENGTH));
  }

  @Override
  public void encodeHeader(ByteBuf out) {
    int at = Bhs.begin(out, Opcode.SNACK_REQUEST, Bhs.FINAL_BIT | type, 0);
    out.setLong(at + Bhs.LUN, lun);
    out.setInt(at + Bhs.INITIATOR_TASK_TAG, itt);
    out.setInt(at + Bhs.TARGET_TRANSFER_TAG, ttt);
    out.setInt(at + Bhs.EXP_STAT_SN, expStatSn);
    out.setInt(at + Bhs.SNACK_BEG_RUN, begRun);
    out.setInt(at + Bhs.SNACK_RUN_LENGTH, runLength);
  }
}
