// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/**
 * The wish to close a connection or the session (RFC 7143 §11.14).
 *
 * @param reason {@link #CLOSE_SESSION} and its kin, or one that is reserved
 */
public record LogoutRequest(
    boolean immediate, int reason, int itt, int cid, int cmdSn, int expStatSn)
    implements InitiatorPdu {

  public static final int CLOSE_SESSION = 0;
  public static final int CLOSE_CONNECTION = 1;
  public static final int REMOVE_FOR_RECOVERY = 2;

  static LogoutRequest decode(ByteBuf in, int at, ByteBuf data) throws MalformedPduException {
    Empty.check(data, Opcode.LOGOUT_REQUEST);
    return new LogoutRequest(
        Bhs.immediate(in, at),
        Bhs.flags(in, at) & Bhs.LOGOUT_REASON_MASK,
        in.getInt(at + Bhs.INITIATOR_TASK_TAG),
        in.getUnsignedShort(at + Bhs.LOGOUT_CID),
        in.getInt(at + Bhs.CMD_SN),
        in.getInt(at + Bhs.EXP_STAT_SN));
  }

  /** Whether its reason has no meaning (RFC 7143 §11.14.1). */
  public boolean hasReservedCode() {
    return reason > REMOVE_FOR_RECOVERY;
  }

  @Override
  public void encodeHeader(ByteBuf out) {
    int at =
        Bhs.begin(
            out, Opcode.LOGOUT_REQUEST | Bhs.immediateBit(immediate), Bhs.FINAL_BIT | reason, 0);
    out.setInt(at + Bhs.INITIATOR_TASK_TAG, itt);
    out.setShort(at + Bhs.LOGOUT_CID, cid);
    out.setInt(at + Bhs.CMD_SN, cmdSn);
    out.setInt(at + Bhs.EXP_STAT_SN, expStatSn);
  }
}
