// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/**
 * A task management function (RFC 7143 §11.5).
 *
 * @param function the code of {@link #ABORT_TASK} and its kin, or one that is not assigned
 * @param refCmdSn the CmdSN of the task to abort (§11.5.5)
 * @param expDataSn only for TASK REASSIGN (§11.5.6)
 */
public record TaskManagementRequest(
    boolean immediate,
    int function,
    long lun,
    int itt,
    int referencedTag,
    int cmdSn,
    int expStatSn,
    int refCmdSn,
    int expDataSn)
    implements InitiatorPdu {

  public static final int ABORT_TASK = 1;
  public static final int ABORT_TASK_SET = 2;
  public static final int CLEAR_ACA = 3;
  public static final int CLEAR_TASK_SET = 4;
  public static final int LOGICAL_UNIT_RESET = 5;
  public static final int TARGET_WARM_RESET = 6;
  public static final int TARGET_COLD_RESET = 7;
  public static final int TASK_REASSIGN = 8;

  static TaskManagementRequest decode(ByteBuf in, int at, ByteBuf data)
      throws MalformedPduException {
    Empty.check(data, Opcode.TASK_MANAGEMENT_REQUEST);
    return new TaskManagementRequest(
        Bhs.immediate(in, at),
        Bhs.flags(in, at) & Bhs.TASK_FUNCTION_MASK,
        in.getLong(at + Bhs.LUN),
        in.getInt(at + Bhs.INITIATOR_TASK_TAG),
        in.getInt(at + Bhs.TASK_REFERENCED_TAG),
        in.getInt(at + Bhs.CMD_SN),
        in.getInt(at + Bhs.EXP_STAT_SN),
        in.getInt(at + Bhs.TASK_REF_CMD_SN),
        in.getInt(at + Bhs.TASK_EXP_DATA_SN));
  }

  @Override
  public void encodeHeader(ByteBuf out) {
    int at =
        Bhs.begin(
            out,
            Opcode.TASK_MANAGEMENT_REQUEST | Bhs.immediateBit(immediate),
            Bhs.FINAL_BIT | function,
            0);
    out.setLong(at + Bhs.LUN, lun);
    out.setInt(at + Bhs.INITIATOR_TASK_TAG, itt);
    out.setInt(at + Bhs.TASK_REFERENCED_TAG, referencedTag);
    out.setInt(at + Bhs.CMD_SN, cmdSn);
    out.setInt(at + Bhs.EXP_STAT_SN, expStatSn);
    out.setInt(at + Bhs.TASK_REF_CMD_SN, refCmdSn);
    out.setInt(at + Bhs.TASK_EXP_DATA_SN, expDataSn);
  }
}
