// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/**
 * Data of a read (RFC 7143 §11.7).
 *
 * @param last the F bit: the end of a sequence of at most MaxBurstLength bytes
 * @param acknowledge the A bit, for recovery levels above 0 only
 * @param withStatus the S bit: {@code status}, {@code statSn} and {@code residual} count
 * @param bufferOffset in bytes from the beginning of the command's data, unsigned
 */
public record DataIn(
    boolean last,
    boolean acknowledge,
    boolean withStatus,
    int status,
    long lun,
    int itt,
    int ttt,
    int statSn,
    int expCmdSn,
    int maxCmdSn,
    int dataSn,
    int bufferOffset,
    Residual residual,
    ByteBuf data)
    implements TargetPdu {

  static DataIn decode(ByteBuf in, int at, ByteBuf data) throws MalformedPduException {
    int flags = Bhs.flags(in, at);
    boolean withStatus = (flags & Bhs.DATA_STATUS_BIT) != 0;
    if (withStatus && (flags & Bhs.FINAL_BIT) == 0) {
      throw new MalformedPduException("Data-In with S and without F, flags", flags);
    }
    return new DataIn(
        (flags & Bhs.FINAL_BIT) != 0,
        (flags & Bhs.DATA_ACKNOWLEDGE_BIT) != 0,
        withStatus,
        in.getUnsignedByte(at + Bhs.RESPONSE_STATUS),
        in.getLong(at + Bhs.LUN),
        in.getInt(at + Bhs.INITIATOR_TASK_TAG),
        in.getInt(at + Bhs.TARGET_TRANSFER_TAG),
        in.getInt(at + Bhs.STAT_SN),
        in.getInt(at + Bhs.EXP_CMD_SN),
        in.getInt(at + Bhs.MAX_CMD_SN),
        in.getInt(at + Bhs.DATA_SN),
        in.getInt(at + Bhs.DATA_BUFFER_OFFSET),
        withStatus ? Residual.decode(flags, in.getInt(at + Bhs.DATA_RESIDUAL)) : Residual.NONE,
        data);
  }

  @Override
  public void encodeHeader(ByteBuf out) {
    encodeHeader(
        out,
        data.readableBytes(),
        (last ? Bhs.FINAL_BIT : 0) | (acknowledge ? Bhs.DATA_ACKNOWLEDGE_BIT : 0),
        withStatus,
        status,
        residual);
    int at = out.writerIndex() - Bhs.BYTES;
    out.setLong(at + Bhs.LUN, lun);
    encodeTags(out, at, itt, ttt, dataSn, bufferOffset);
    Bhs.numbers(out, at, statSn, expCmdSn, maxCmdSn);
  }

  /**
   * Writes the header of data that already lie behind it in the same buffer, which is how the hot
   * path sends them: no record, no second buffer.
   */
  public static void encodeInPlace(
      ByteBuf out,
      int dataLength,
      boolean last,
      boolean withStatus,
      int itt,
      int statSn,
      int expCmdSn,
      int maxCmdSn,
      int dataSn,
      int bufferOffset,
      Residual residual) {
    encodeHeader(out, dataLength, last ? Bhs.FINAL_BIT : 0, withStatus, 0, residual);
    int at = out.writerIndex() - Bhs.BYTES;
    encodeTags(out, at, itt, Tag.NONE, dataSn, bufferOffset);
    Bhs.numbers(out, at, statSn, expCmdSn, maxCmdSn);
  }

  /** Sets the A bit of a header that has been written, with what it needs (§11.7.2, §11.7.4). */
  public static void askForAcknowledgement(ByteBuf out, int at, long lun, int ttt) {
    out.setByte(at + Bhs.FLAGS, out.getByte(at + Bhs.FLAGS) | Bhs.DATA_ACKNOWLEDGE_BIT);
    out.setLong(at + Bhs.LUN, lun);
    out.setInt(at + Bhs.TARGET_TRANSFER_TAG, ttt);
  }

  private static void encodeHeader(
      ByteBuf out, int dataLength, int flags, boolean withStatus, int status, Residual residual) {
    int all = withStatus ? flags | Bhs.DATA_STATUS_BIT | residual.flags() : flags;
    int at = Bhs.begin(out, Opcode.DATA_IN, all, dataLength);
    if (withStatus) {
      out.setByte(at + Bhs.RESPONSE_STATUS, status);
      out.setInt(at + Bhs.DATA_RESIDUAL, residual.count());
    }
  }

  private static void encodeTags(
      ByteBuf out, int at, int itt, int ttt, int dataSn, int bufferOffset) {
    out.setInt(at + Bhs.INITIATOR_TASK_TAG, itt);
    out.setInt(at + Bhs.TARGET_TRANSFER_TAG, ttt);
    out.setInt(at + Bhs.DATA_SN, dataSn);
    out.setInt(at + Bhs.DATA_BUFFER_OFFSET, bufferOffset);
  }
}
