// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/** What an initiator sends. */
public sealed interface InitiatorPdu extends Pdu
    permits DataOut,
        LoginRequest,
        LogoutRequest,
        NopOut,
        ScsiCommand,
        SnackRequest,
        TaskManagementRequest,
        TextRequest,
        UnknownRequest {

  /** Which status the initiator has seen: all before this one (RFC 7143 §11.3.3). */
  int expStatSn();

  /**
   * Reads one PDU.
   *
   * @param in holds the basic header segment at {@code at} and the additional ones behind it
   * @param data the data segment; the PDU takes over the caller's reference, also when this throws
   * @throws MalformedPduException for a format error (RFC 7143 §7.7)
   */
  static InitiatorPdu decode(ByteBuf in, int at, ByteBuf data) throws MalformedPduException {
    int opcode = Bhs.opcode(in, at);
    try {
      if (opcode != Opcode.SCSI_COMMAND && Bhs.ahsBytes(in, at) != 0) {
        // §11.2.1.5; only a SCSI command has a use for them.
        throw new MalformedPduException("additional header segments with opcode", opcode);
      }
      return switch (opcode) {
        case Opcode.NOP_OUT -> NopOut.decode(in, at, data);
        case Opcode.SCSI_COMMAND -> ScsiCommand.decode(in, at, data);
        case Opcode.TASK_MANAGEMENT_REQUEST -> TaskManagementRequest.decode(in, at, data);
        case Opcode.LOGIN_REQUEST -> LoginRequest.decode(in, at, data);
        case Opcode.TEXT_REQUEST -> TextRequest.decode(in, at, data);
        case Opcode.DATA_OUT -> DataOut.decode(in, at, data);
        case Opcode.LOGOUT_REQUEST -> LogoutRequest.decode(in, at, data);
        case Opcode.SNACK_REQUEST -> SnackRequest.decode(in, at, data);
        default -> UnknownRequest.decode(in, at, data);
      };
    } catch (MalformedPduException e) {
      data.release();
      throw e;
    }
  }
}
