// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.MalformedPduException;
import dev.rootstock.target.pdu.ScsiCommand;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;

/** The framer and the PDU decoder with bytes of a stranger, cut as a stranger likes. */
class PduFuzzTest {
  private static final int MAX_SEGMENT = 512;

  /** One for all inputs: an arena of its own for each would outrun the garbage collector. */
  private static final PooledByteBufAllocator ALLOCATOR = new PooledByteBufAllocator(true);

  @FuzzTest(maxDuration = "10m")
  void bytesBecomePdusOrAFormatErrorAndNothingStays(FuzzedDataProvider input) {
    PduFramer framer = new PduFramer(InitiatorPdu::decode, MAX_SEGMENT);
    EmbeddedChannel channel = new EmbeddedChannel(framer);
    channel.config().setAllocator(ALLOCATOR);
    boolean broken = false;
    while (input.remainingBytes() > 0) {
      byte[] part = input.consumeBytes(input.consumeInt(1, 256));
      try {
        channel.writeInbound(ALLOCATOR.directBuffer(part.length).writeBytes(part));
      } catch (Exception e) {
        assertTrue(e instanceof MalformedPduException, e::toString);
        assertTrue(!broken, "a second format error of one connection");
        broken = true;
      }
      for (InitiatorPdu pdu = channel.readInbound(); pdu != null; pdu = channel.readInbound()) {
        assertWrittenAsRead(pdu);
        pdu.release();
      }
    }
    channel.finishAndReleaseAll();
    assertEquals(0, ALLOCATOR.pinnedDirectMemory());
  }

  /**
   * A PDU that is written again is the same; but for segments of no known type, which are left out.
   */
  private static void assertWrittenAsRead(InitiatorPdu pdu) {
    if (pdu instanceof ScsiCommand command && command.hasReservedCode()) {
      return;
    }
    ByteBuf header = Unpooled.buffer();
    pdu.encodeHeader(header);
    InitiatorPdu again;
    try {
      again = InitiatorPdu.decode(header, 0, pdu.data().retainedSlice());
    } catch (MalformedPduException e) {
      throw new AssertionError(pdu + " is written malformed", e);
    }
    assertEquals(pdu, again);
    again.release();
  }
}
