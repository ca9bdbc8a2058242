// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/**
 * The answer to a Login Request (RFC 7143 §11.13).
 *
 * @param status Status-Class in the high byte, Status-Detail in the low one
 */
public record LoginResponse(
    boolean transit,
    boolean more,
    int currentStage,
    int nextStage,
    int versionMax,
    int versionActive,
    long isid,
    int tsih,
    int itt,
    int statSn,
    int expCmdSn,
    int maxCmdSn,
    int status,
    ByteBuf data)
    implements TargetPdu {

  static LoginResponse decode(ByteBuf in, int at, ByteBuf data) {
    int flags = Bhs.flags(in, at);
    return new LoginResponse(
        (flags & Bhs.LOGIN_TRANSIT_BIT) != 0,
        (flags & Bhs.TEXT_CONTINUE_BIT) != 0,
        flags >>> Bhs.LOGIN_CURRENT_STAGE_SHIFT & Bhs.LOGIN_STAGE_MASK,
        flags & Bhs.LOGIN_STAGE_MASK,
        in.getUnsignedByte(at + Bhs.LOGIN_VERSION_MAX),
        in.getUnsignedByte(at + Bhs.LOGIN_VERSION_ACTIVE),
        in.getLong(at + Bhs.LOGIN_ISID) >>> 16,
        in.getUnsignedShort(at + Bhs.LOGIN_TSIH),
        in.getInt(at + Bhs.INITIATOR_TASK_TAG),
        in.getInt(at + Bhs.STAT_SN),
        in.getInt(at + Bhs.EXP_CMD_SN),
        in.getInt(at + Bhs.MAX_CMD_SN),
        in.getUnsignedShort(at + Bhs.LOGIN_STATUS),
        data);
  }

  @Override
  public void encodeHeader(ByteBuf out) {
    int flags =
        (transit ? Bhs.LOGIN_TRANSIT_BIT : 0)
            | (more ? Bhs.TEXT_CONTINUE_BIT : 0)
            | currentStage << Bhs.LOGIN_CURRENT_STAGE_SHIFT
            | nextStage;
    int at = Bhs.begin(out, Opcode.LOGIN_RESPONSE, flags, data.readableBytes());
    out.setByte(at + Bhs.LOGIN_VERSION_MAX, versionMax);
    out.setByte(at + Bhs.LOGIN_VERSION_ACTIVE, versionActive);
    out.setLong(at + Bhs.LOGIN_ISID, isid << 16 | tsih);
    out.setInt(at + Bhs.INITIATOR_TASK_TAG, itt);
    Bhs.numbers(out, at, statSn, expCmdSn, maxCmdSn);
    out.setShort(at + Bhs.LOGIN_STATUS, status);
  }
}
