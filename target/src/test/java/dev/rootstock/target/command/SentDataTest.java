// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.target.pdu.Bhs;
import dev.rootstock.target.pdu.Replica;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is kept of a read's data (RFC 7143 §7.8). */
class SentDataTest {
  private final SentData data = new SentData();

  private static Replica pdu() {
    ByteBuf header = Unpooled.wrappedBuffer(new byte[Bhs.BYTES]);
    return Replica.of(UnpooledByteBufAllocator.DEFAULT, header, 0, Unpooled.EMPTY_BUFFER, 0, 0);
  }

  @Test
  void behindOneThatIsNotKeptNoneIsKeptUntilAllAreAcknowledged() {
    Replica kept = pdu();
    data.add(kept);
    data.add(null);
    assertFalse(data.keeps());
    data.add(null);
    assertEquals(3, data.next());
    assertTrue(data.kept(0, 1));
    assertFalse(data.kept(0, 2));
    assertTrue(data.kept(3, 3));
    assertEquals(List.of(kept), data.acknowledge(2));
    assertEquals(3, data.next());
    assertFalse(data.kept(2, 3));
    assertFalse(data.keeps());
    assertEquals(List.of(), data.acknowledge(3));
    assertTrue(data.keeps());
    Replica again = pdu();
    data.add(again);
    assertEquals(List.of(again), data.get(3, 4));
    kept.release();
    again.release();
  }
}
