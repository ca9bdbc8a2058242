// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * A PDU whose opcode no initiator may use, or that we do not know. It is answered with a Reject,
 * which is why its header is kept (RFC 7143 §11.17.4).
 *
 * @param header the basic header segment, as a copy
 */
public record UnknownRequest(ByteBuf header) implements InitiatorPdu {

  static UnknownRequest decode(ByteBuf in, int at, ByteBuf data) {
    data.release();
    byte[] header = new byte[Bhs.BYTES];
    in.getBytes(at, header);
    return new UnknownRequest(Unpooled.wrappedBuffer(header));
  }

  /** The opcode, 0 to 63. */
  public int opcode() {
    return Bhs.opcode(header, header.readerIndex());
  }

  @Override
  public int itt() {
    return header.getInt(header.readerIndex() + Bhs.INITIATOR_TASK_TAG);
  }

  @Override
  public int expStatSn() {
    return header.getInt(header.readerIndex() + Bhs.EXP_STAT_SN);
  }

  @Override
  public void encodeHeader(ByteBuf out) {
    out.writeBytes(header, header.readerIndex(), header.readableBytes());
  }
}
