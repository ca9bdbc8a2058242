// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** A protocol data unit of iSCSI, either way. */
public sealed interface Pdu permits InitiatorPdu, TargetPdu {

  /** The initiator task tag, or {@link Tag#NONE}. */
  int itt();

  /** The data segment without padding; empty for PDUs that have none. */
  default ByteBuf data() {
    return Unpooled.EMPTY_BUFFER;
  }

  /** Writes the basic header segment and any additional ones, without digests and data. */
  void encodeHeader(ByteBuf out);

  /** Gives up this PDU's reference to its data segment. */
  default void release() {
    data().release();
  }
}
