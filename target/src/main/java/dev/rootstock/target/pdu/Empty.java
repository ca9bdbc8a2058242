// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;

/** PDUs whose DataSegmentLength must be 0. */
final class Empty {
  private Empty() {}

  static void check(ByteBuf data, int opcode) throws MalformedPduException {
    if (data.isReadable()) {
      throw new MalformedPduException("data segment with opcode", opcode);
    }
  }
}
