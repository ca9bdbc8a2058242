// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/**
 * A step of a login (RFC 7143 §11.12).
 *
 * @param transit the T bit
 * @param more the C bit: the text goes on in the next request
 * @param currentStage CSG, 0 to 3
 * @param nextStage NSG, 0 to 3, with a meaning only when {@code transit}
 * @param isid 48 bits
 * @param tsih 0 for a new session
 * @param cid the connection's number within its session
 * @param data text in the format of §6.1
 */
public record LoginRequest(
    boolean transit,
    boolean more,
    int currentStage,
    int nextStage,
    int versionMax,
    int versionMin,
    long isid,
    int tsih,
    int itt,
    int cid,
    int cmdSn,
    int expStatSn,
    ByteBuf data)
    implements InitiatorPdu {

  static LoginRequest decode(ByteBuf in, int at, ByteBuf data) {
    int flags = Bhs.flags(in, at);
    return new LoginRequest(
        (flags & Bhs.LOGIN_TRANSIT_BIT) != 0,
        (flags & Bhs.TEXT_CONTINUE_BIT) != 0,
        flags >>> Bhs.LOGIN_CURRENT_STAGE_SHIFT & Bhs.LOGIN_STAGE_MASK,
        flags & Bhs.LOGIN_STAGE_MASK,
        in.getUnsignedByte(at + Bhs.LOGIN_VERSION_MAX),
        in.getUnsignedByte(at + Bhs.LOGIN_VERSION_MIN),
        in.getLong(at + Bhs.LOGIN_ISID) >>> 16,
        in.getUnsignedShort(at + Bhs.LOGIN_TSIH),
        in.getInt(at + Bhs.INITIATOR_TASK_TAG),
        in.getUnsignedShort(at + Bhs.LOGIN_CID),
        in.getInt(at + Bhs.CMD_SN),
        in.getInt(at + Bhs.EXP_STAT_SN),
        data);
  }

  @Override
  public void encodeHeader(ByteBuf out) {
    int flags =
        (transit ? Bhs.LOGIN_TRANSIT_BIT : 0)
            | (more ? Bhs.TEXT_CONTINUE_BIT : 0)
            | currentStage << Bhs.LOGIN_CURRENT_STAGE_SHIFT
            | nextStage;
    int at = Bhs.begin(out, Opcode.LOGIN_REQUEST | Bhs.IMMEDIATE_BIT, flags, data.readableBytes());
    out.setByte(at + Bhs.LOGIN_VERSION_MAX, versionMax);
    out.setByte(at + Bhs.LOGIN_VERSION_MIN, versionMin);
    out.setLong(at + Bhs.LOGIN_ISID, isid << 16 | tsih);
    out.setInt(at + Bhs.INITIATOR_TASK_TAG, itt);
    out.setShort(at + Bhs.LOGIN_CID, cid);
    out.setInt(at + Bhs.CMD_SN, cmdSn);
    out.setInt(at + Bhs.EXP_STAT_SN, expStatSn);
  }
}
