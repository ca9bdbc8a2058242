// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/**
 * The map of the Basic Header Segment: where every field of every PDU lies (RFC 7143 §11.2.1 and
 * the figures of §11.3 to §11.19). Offsets are in bytes; masks stand beside the byte they belong
 * to.
 *
 * <p>The framer has seen 48 bytes before anything here is read, so that no reader of a field checks
 * a length again.
 */
public final class Bhs {
  /** The length of the segment in bytes. */
  public static final int BYTES = 48;

  static final int OPCODE = 0;
  static final int IMMEDIATE_BIT = 0x40;
  static final int OPCODE_MASK = 0x3F;

  static final int FLAGS = 1;
  static final int FINAL_BIT = 0x80;

  /** In 4-byte words (§11.2.1.5). */
  static final int TOTAL_AHS_LENGTH = 4;

  /** Three bytes (§11.2.1.6). */
  static final int DATA_SEGMENT_LENGTH = 5;

  static final int LUN = 8;
  static final int INITIATOR_TASK_TAG = 16;
  static final int TARGET_TRANSFER_TAG = 20;
  static final int CMD_SN = 24;
  static final int STAT_SN = 24;
  static final int EXP_STAT_SN = 28;
  static final int EXP_CMD_SN = 28;
  static final int MAX_CMD_SN = 32;

  /** SCSI Command (§11.3). */
  static final int COMMAND_READ_BIT = 0x40;

  static final int COMMAND_WRITE_BIT = 0x20;
  static final int COMMAND_ATTRIBUTE_MASK = 0x07;
  static final int COMMAND_EXPECTED_LENGTH = 20;
  static final int COMMAND_CDB = 32;

  /** SCSI Response and the last Data-In (§11.4, §11.7). */
  static final int BIDIRECTIONAL_OVERFLOW_BIT = 0x10;

  static final int BIDIRECTIONAL_UNDERFLOW_BIT = 0x08;
  static final int OVERFLOW_BIT = 0x04;
  static final int UNDERFLOW_BIT = 0x02;
  static final int RESPONSE_CODE = 2;
  static final int RESPONSE_STATUS = 3;
  static final int RESPONSE_SNACK_TAG = 20;
  static final int RESPONSE_EXP_DATA_SN = 36;
  static final int RESPONSE_BIDIRECTIONAL_RESIDUAL = 40;
  static final int RESPONSE_RESIDUAL = 44;

  /** Task management (§11.5, §11.6). */
  static final int TASK_FUNCTION_MASK = 0x7F;

  static final int TASK_REFERENCED_TAG = 20;
  static final int TASK_REF_CMD_SN = 32;
  static final int TASK_EXP_DATA_SN = 36;

  /** Data-Out and Data-In (§11.7). */
  static final int DATA_ACKNOWLEDGE_BIT = 0x40;

  static final int DATA_STATUS_BIT = 0x01;
  static final int DATA_SN = 36;
  static final int DATA_BUFFER_OFFSET = 40;
  static final int DATA_RESIDUAL = 44;

  /** Ready To Transfer (§11.8). */
  static final int R2T_SN = 36;

  static final int R2T_BUFFER_OFFSET = 40;
  static final int R2T_DESIRED_LENGTH = 44;

  /** Asynchronous Message (§11.9). */
  static final int ASYNC_EVENT = 36;

  static final int ASYNC_VENDOR_CODE = 37;
  static final int ASYNC_PARAMETER_1 = 38;
  static final int ASYNC_PARAMETER_2 = 40;
  static final int ASYNC_PARAMETER_3 = 42;

  /** Text and Login (§11.10 to §11.13). */
  static final int TEXT_CONTINUE_BIT = 0x40;

  static final int LOGIN_TRANSIT_BIT = 0x80;
  static final int LOGIN_STAGE_MASK = 0x03;
  static final int LOGIN_CURRENT_STAGE_SHIFT = 2;
  static final int LOGIN_VERSION_MAX = 2;
  static final int LOGIN_VERSION_MIN = 3;
  static final int LOGIN_VERSION_ACTIVE = 3;
  static final int LOGIN_ISID = 8;
  static final int LOGIN_TSIH = 14;
  static final int LOGIN_CID = 20;
  static final int LOGIN_STATUS = 36;

  /** Logout (§11.14, §11.15). */
  static final int LOGOUT_REASON_MASK = 0x7F;

  static final int LOGOUT_CID = 20;
  static final int LOGOUT_RESPONSE = 2;
  static final int LOGOUT_TIME_TO_WAIT = 40;
  static final int LOGOUT_TIME_TO_RETAIN = 42;

  /** SNACK (§11.16). */
  static final int SNACK_TYPE_MASK = 0x0F;

  static final int SNACK_BEG_RUN = 40;
  static final int SNACK_RUN_LENGTH = 44;

  /** Reject (§11.17). */
  static final int REJECT_REASON = 2;

  static final int REJECT_DATA_SN = 36;

  private Bhs() {}

  /** The opcode without the I bit, 0 to 63. */
  public static int opcode(ByteBuf in, int at) {
    return in.getByte(at + OPCODE) & OPCODE_MASK;
  }

  /** The length of all additional header segments in bytes, 0 to 1020. */
  public static int ahsBytes(ByteBuf in, int at) {
    return in.getUnsignedByte(at + TOTAL_AHS_LENGTH) * 4;
  }

  /** The length of the data segment in bytes without padding, 0 to 2^24 - 1. */
  public static int dataSegmentLength(ByteBuf in, int at) {
    return in.getUnsignedMedium(at + DATA_SEGMENT_LENGTH);
  }

  public static int initiatorTaskTag(ByteBuf in, int at) {
    return in.getInt(at + INITIATOR_TASK_TAG);
  }

  /** Whether a Data-In asks to be acknowledged; its tag and LUN count then (§11.7.2). */
  public static boolean asksForAcknowledgement(ByteBuf in, int at) {
    return flag(in, at, DATA_ACKNOWLEDGE_BIT);
  }

  public static int targetTransferTag(ByteBuf in, int at) {
    return in.getInt(at + TARGET_TRANSFER_TAG);
  }

  public static long lun(ByteBuf in, int at) {
    return in.getLong(at + LUN);
  }

  /** The StatSN of a target's PDU. */
  public static int statSn(ByteBuf in, int at) {
    return in.getInt(at + STAT_SN);
  }

  /** A length with the padding that brings it to whole 4-byte words (§11.1). */
  public static int padded(int length) {
    return (length + 3) & ~3;
  }

  /**
   * Writes an empty header of 48 bytes with the fields that all PDUs have.
   *
   * @return where it begins
   */
  static int begin(ByteBuf out, int opcode, int flags, int dataLength) {
    int at = out.writerIndex();
    out.ensureWritable(BYTES);
    out.setZero(at, BYTES);
    out.writerIndex(at + BYTES);
    out.setByte(at + OPCODE, opcode);
    out.setByte(at + FLAGS, flags);
    out.setMedium(at + DATA_SEGMENT_LENGTH, dataLength);
    return at;
  }

  static boolean immediate(ByteBuf in, int at) {
    return (in.getByte(at + OPCODE) & IMMEDIATE_BIT) != 0;
  }

  static int flags(ByteBuf in, int at) {
    return in.getUnsignedByte(at + FLAGS);
  }

  static boolean flag(ByteBuf in, int at, int bit) {
    return (in.getByte(at + FLAGS) & bit) != 0;
  }

  static int immediateBit(boolean immediate) {
    return immediate ? IMMEDIATE_BIT : 0;
  }

  /** Sets the three numbers that every PDU of a target carries (§11.4.9 to §11.4.11). */
  static void numbers(ByteBuf out, int at, int statSn, int expCmdSn, int maxCmdSn) {
    out.setInt(at + STAT_SN, statSn);
    out.setInt(at + EXP_CMD_SN, expCmdSn);
    out.setInt(at + MAX_CMD_SN, maxCmdSn);
  }
}
