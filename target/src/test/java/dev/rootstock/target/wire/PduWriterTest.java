// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.target.pdu.Bhs;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PduWriterTest {
  private final PooledByteBufAllocator allocator = new PooledByteBufAllocator(true);
  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final PduWriter writer;

  PduWriterTest() {
    channel.config().setAllocator(allocator);
    channel.pipeline().addLast("last", new ChannelInboundHandlerAdapter());
    ChannelHandlerContext ctx = channel.pipeline().context("last");
    assertNotNull(ctx);
    writer = new PduWriter(ctx, Digests.NONE);
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
    ByteBuf out = writer.room(writer.dataOffset());
    int at = out.writerIndex();
    nop(3, 0).encodeHeader(out);
    writer.append(out, at, allocator.directBuffer(4).writeInt(0x01020304));
    writer.write(nop(2, 0));
    writer.flush();
    assertEquals(96, length());
    assertEquals(4, length());
    assertEquals(48, length());
  }

  /** RFC 7143 §13.1: copied, in place or appended, a PDU has the same digests. */
  @ParameterizedTest
  @CsvSource({
    "true, true, 7",
    "true, false, 7",
    "false, true, 7",
    "true, true, 0",
    "true, true, 8",
  })
  void digestsAreTheSameHoweverAPduIsWritten(boolean header, boolean data, int length) {
    Digests digests = new Digests(header, data);
    ChannelHandlerContext ctx = channel.pipeline().context("last");
    assertNotNull(ctx);
    PduWriter digesting = new PduWriter(ctx, digests);
    digesting.write(nop(1, length));
    byte[] copied = sent(digesting);

    ByteBuf out = digesting.room(digesting.pduBytes(length));
    int at = out.writerIndex();
    out.setZero(at + digesting.dataOffset(), length);
    nop(1, length).encodeHeader(out);
    digesting.seal(out, at, length);
    assertArrayEquals(copied, sent(digesting));

    out = digesting.room(digesting.dataOffset());
    at = out.writerIndex();
    nop(1, length).encodeHeader(out);
    digesting.append(out, at, allocator.directBuffer(8).writeZero(length));
    assertArrayEquals(copied, sent(digesting));

    ByteBuf wire = Unpooled.wrappedBuffer(copied);
    assertEquals(digesting.pduBytes(length), wire.readableBytes());
    if (header) {
      assertEquals(new Digest().of(wire, 0, Bhs.BYTES), wire.getInt(Bhs.BYTES));
    }
    if (data && length > 0) {
      int dataAt = digesting.dataOffset();
      int padded = Bhs.padded(length);
      assertEquals(new Digest().of(wire, dataAt, padded), wire.getInt(dataAt + padded));
    }
  }

  private byte[] sent(PduWriter from) {
    from.flush();
    ByteBuf all = Unpooled.buffer();
    ByteBuf piece = channel.readOutbound();
    while (piece != null) {
      all.writeBytes(piece);
      piece.release();
      piece = channel.readOutbound();
    }
    from.flush();
    byte[] bytes = new byte[all.readableBytes()];
    all.readBytes(bytes);
    return bytes;
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
