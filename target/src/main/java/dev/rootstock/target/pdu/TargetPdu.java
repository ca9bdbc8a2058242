// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/** What a target sends. */
public sealed interface TargetPdu extends Pdu
    permits AsyncMessage,
        DataIn,
        LoginResponse,
        LogoutResponse,
        NopIn,
        ReadyToTransfer,
        Reject,
        ScsiResponse,
        TaskManagementResponse,
        TextResponse {

  /** The number of this status, or of the next one where the PDU carries none. */
  int statSn();

  /** The next command that the target expects. */
  int expCmdSn();

  /** The last command that the target would take. */
  int maxCmdSn();

  /**
   * Reads one PDU; as {@link InitiatorPdu#decode}.
   *
   * @throws MalformedPduException also for an opcode that no target may send
   */
  static TargetPdu decode(ByteBuf in, int at, ByteBuf data) throws MalformedPduException {
    int opcode = Bhs.opcode(in, at);
    try {
      if (Bhs.ahsBytes(in, at) != 0) {
        throw new MalformedPduException("additional header segments in a response, opcode", opcode);
      }
      return switch (opcode) {
        case Opcode.NOP_IN -> NopIn.decode(in, at, data);
        case Opcode.SCSI_RESPONSE -> ScsiResponse.decode(in, at, data);
        case Opcode.TASK_MANAGEMENT_RESPONSE -> TaskManagementResponse.decode(in, at, data);
        case Opcode.LOGIN_RESPONSE -> LoginResponse.decode(in, at, data);
        case Opcode.TEXT_RESPONSE -> TextResponse.decode(in, at, data);
        case Opcode.DATA_IN -> DataIn.decode(in, at, data);
        case Opcode.LOGOUT_RESPONSE -> LogoutResponse.decode(in, at, data);
        case Opcode.READY_TO_TRANSFER -> ReadyToTransfer.decode(in, at, data);
        case Opcode.ASYNC_MESSAGE -> AsyncMessage.decode(in, at, data);
        case Opcode.REJECT -> Reject.decode(in, at, data);
        default -> throw new MalformedPduException("no opcode of a target", opcode);
      };
    } catch (MalformedPduException e) {
      data.release();
      throw e;
    }
  }
}
