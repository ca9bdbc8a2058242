// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.MalformedPduException;
import io.netty.buffer.PooledByteBufAllocator;
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
        assertTrue(pdu.toString().length() > 0);
        pdu.release();
      }
    }
    channel.finishAndReleaseAll();
    assertEquals(0, ALLOCATOR.pinnedDirectMemory());
  }
}
