// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.target.pdu.NopIn;
import dev.rootstock.target.pdu.Tag;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PduWriterTest {
  private final PooledByteBufAllocator allocator = new PooledByteBufAllocator(true);
  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final PduWriter writer;

  PduWriterTest() {
    channel.config().setAllocator(allocator);
    channel.pipeline().addLast("last", new ChannelInboundHandlerAdapter());
    ChannelHandlerContext ctx = channel.pipeline().context("last");
    assertNotNull(ctx);
    writer = new PduWriter(ctx);
  }

  @AfterEach
  void nothingIsLeft() {
    writer.close();
    channel.finishAndReleaseAll();
    assertEquals(0, allocator.pinnedDirectMemory());
  }

  @Test
  void thePdusOfABurstLeaveInOneBuffer() {
    writer.write(nop(1, 0));
    writer.write(nop(2, 5));
    writer.write(nop(3, 0));
    assertNull(channel.readOutbound());
    writer.flush();
    ByteBuf sent = channel.readOutbound();
    assertEquals(3 * 48 + 8, sent.readableBytes());
    sent.release();
    assertNull(channel.readOutbound());
  }

  @Test
  void whatIsAppendedKeepsItsPlace() {
    writer.write(nop(1, 0));
    writer.append(allocator.directBuffer(4).writeInt(0x01020304));
    writer.write(nop(2, 0));
    writer.flush();
    assertEquals(48, length());
    assertEquals(4, length());
    assertEquals(48, length());
  }

  @Test
  void unsentPdusOfManyBurstsLieInOneBatch() {
    // The embedded channel keeps what is written, as a peer does that does not read.
    for (int i = 0; i < 100; i++) {
      writer.write(nop(i, 0));
      writer.flush();
    }
    // 48 bytes each: one batch holds them all.
    assertTrue(allocator.pinnedDirectMemory() < 2L * Limits.BATCH);
  }

  @Test
  void aQuietConnectionHoldsNoBuffer() {
    writer.write(nop(1, 0));
    writer.flush();
    channel.<ByteBuf>readOutbound().release();
    writer.flush();
    assertEquals(0, allocator.pinnedDirectMemory());
  }

  @Test
  void whatIsWrittenAfterTheEndIsDropped() {
    writer.close();
    writer.write(nop(1, 0));
    writer.flush();
    assertEquals(0, allocator.pinnedDirectMemory());
    assertNull(channel.readOutbound());
  }

  private int length() {
    ByteBuf sent = channel.readOutbound();
    int length = sent.readableBytes();
    sent.release();
    return length;
  }

  private static NopIn nop(int itt, int length) {
    return new NopIn(0, itt, Tag.NONE, 1, 2, 3, Unpooled.wrappedBuffer(new byte[length]));
  }
}
