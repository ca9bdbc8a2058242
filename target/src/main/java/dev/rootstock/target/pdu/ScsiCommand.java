// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/**
 * A SCSI command (RFC 7143 §11.3).
 *
 * @param complete the F bit: no unsolicited Data-Out follows
 * @param read the R bit
 * @param write the W bit
 * @param attribute 0 untagged, 1 simple, 2 ordered, 3 head of queue, 4 ACA; 5 to 7 are reserved
 * @param expectedLength the Expected Data Transfer Length in bytes, unsigned
 * @param cdbHigh bytes 0 to 7 of the CDB
 * @param cdbLow bytes 8 to 15 of the CDB
 * @param data immediate data
 */
public record ScsiCommand(
    boolean immediate,
    boolean complete,
    boolean read,
    boolean write,
    int attribute,
    long lun,
    int itt,
    int expectedLength,
    int cmdSn,
    int expStatSn,
    long cdbHigh,
    long cdbLow,
    Ahs ahs,
    ByteBuf data)
    implements InitiatorPdu {

  public static final int UNTAGGED = 0;
  public static final int SIMPLE = 1;
  public static final int ORDERED = 2;
  public static final int HEAD_OF_QUEUE = 3;
  public static final int ACA = 4;

  static ScsiCommand decode(ByteBuf in, int at, ByteBuf data) throws MalformedPduException {
    int ahsBytes = Bhs.ahsBytes(in, at);
    int flags = Bhs.flags(in, at);
    int attribute = flags & Bhs.COMMAND_ATTRIBUTE_MASK;
    if ((flags & (Bhs.FINAL_BIT | Bhs.COMMAND_WRITE_BIT)) == 0) {
      throw new MalformedPduException("SCSI command with neither F nor W, flags", flags);
    }
    return new ScsiCommand(
        Bhs.immediate(in, at),
        (flags & Bhs.FINAL_BIT) != 0,
        (flags & Bhs.COMMAND_READ_BIT) != 0,
        (flags & Bhs.COMMAND_WRITE_BIT) != 0,
        attribute,
        in.getLong(at + Bhs.LUN),
        in.getInt(at + Bhs.INITIATOR_TASK_TAG),
        in.getInt(at + Bhs.COMMAND_EXPECTED_LENGTH),
        in.getInt(at + Bhs.CMD_SN),
        in.getInt(at + Bhs.EXP_STAT_SN),
        in.getLong(at + Bhs.COMMAND_CDB),
        in.getLong(at + Bhs.COMMAND_CDB + 8),
        ahsBytes == 0 ? Ahs.NONE : Ahs.decode(in, at + Bhs.BYTES, at + Bhs.BYTES + ahsBytes),
        data);
  }

  /** Whether a field holds a code that has no meaning (RFC 7143 §11, reserved code values). */
  public boolean hasReservedCode() {
    return attribute > ACA || ahs.hasUnknownType();
  }

  /** The Expected Data Transfer Length as the unsigned number that it is. */
  public long expectedBytes() {
    return Integer.toUnsignedLong(expectedLength);
  }

  @Override
  public void encodeHeader(ByteBuf out) {
    int flags =
        (complete ? Bhs.FINAL_BIT : 0)
            | (read ? Bhs.COMMAND_READ_BIT : 0)
            | (write ? Bhs.COMMAND_WRITE_BIT : 0)
            | attribute;
    int at =
        Bhs.begin(
            out, Opcode.SCSI_COMMAND | Bhs.immediateBit(immediate), flags, data.readableBytes());
    out.setByte(at + Bhs.TOTAL_AHS_LENGTH, ahs.bytes() / 4);
    out.setLong(at + Bhs.LUN, lun);
    out.setInt(at + Bhs.INITIATOR_TASK_TAG, itt);
    out.setInt(at + Bhs.COMMAND_EXPECTED_LENGTH, expectedLength);
    out.setInt(at + Bhs.CMD_SN, cmdSn);
    out.setInt(at + Bhs.EXP_STAT_SN, expStatSn);
    out.setLong(at + Bhs.COMMAND_CDB, cdbHigh);
    out.setLong(at + Bhs.COMMAND_CDB + 8, cdbLow);
    ahs.encode(out);
  }
}
