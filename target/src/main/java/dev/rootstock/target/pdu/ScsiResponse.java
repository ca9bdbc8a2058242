// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/**
 * The end of a SCSI command (RFC 7143 §11.4).
 *
 * @param response 0 completed at target, 1 target failure
 * @param status the SCSI status
 * @param expDataSn the number of Data-In PDUs that were sent for the command
 * @param residual of the data in the command's one direction, or of its output
 * @param bidirectionalRead of the input of a command with data both ways
 * @param data sense data behind their length (§11.4.7)
 */
public record ScsiResponse(
    int response,
    int status,
    int itt,
    int snackTag,
    int statSn,
    int expCmdSn,
    int maxCmdSn,
    int expDataSn,
    Residual residual,
    Residual bidirectionalRead,
    ByteBuf data)
    implements TargetPdu {

  public static final int COMPLETED = 0;
  public static final int TARGET_FAILURE = 1;

  static ScsiResponse decode(ByteBuf in, int at, ByteBuf data) throws MalformedPduException {
    return new ScsiResponse(
        in.getUnsignedByte(at + Bhs.RESPONSE_CODE),
        in.getUnsignedByte(at + Bhs.RESPONSE_STATUS),
        in.getInt(at + Bhs.INITIATOR_TASK_TAG),
        in.getInt(at + Bhs.RESPONSE_SNACK_TAG),
        in.getInt(at + Bhs.STAT_SN),
        in.getInt(at + Bhs.EXP_CMD_SN),
        in.getInt(at + Bhs.MAX_CMD_SN),
        in.getInt(at + Bhs.RESPONSE_EXP_DATA_SN),
        Residual.decode(Bhs.flags(in, at), in.getInt(at + Bhs.RESPONSE_RESIDUAL)),
        Residual.decodeBidirectional(
            Bhs.flags(in, at), in.getInt(at + Bhs.RESPONSE_BIDIRECTIONAL_RESIDUAL)),
        data);
  }

  @Override
  public void encodeHeader(ByteBuf out) {
    int flags = Bhs.FINAL_BIT | residual.flags() | bidirectionalRead.bidirectionalFlags();
    int at = Bhs.begin(out, Opcode.SCSI_RESPONSE, flags, data.readableBytes());
    out.setByte(at + Bhs.RESPONSE_CODE, response);
    out.setByte(at + Bhs.RESPONSE_STATUS, status);
    out.setInt(at + Bhs.INITIATOR_TASK_TAG, itt);
    out.setInt(at + Bhs.RESPONSE_SNACK_TAG, snackTag);
    Bhs.numbers(out, at, statSn, expCmdSn, maxCmdSn);
    out.setInt(at + Bhs.RESPONSE_EXP_DATA_SN, expDataSn);
    out.setInt(at + Bhs.RESPONSE_BIDIRECTIONAL_RESIDUAL, bidirectionalRead.count());
    out.setInt(at + Bhs.RESPONSE_RESIDUAL, residual.count());
  }
}
