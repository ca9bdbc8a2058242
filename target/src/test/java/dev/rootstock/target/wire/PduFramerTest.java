// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rootstock.target.initiator.PduSocket;
import dev.rootstock.target.pdu.Ahs;
import dev.rootstock.target.pdu.Bhs;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.MalformedPduException;
import dev.rootstock.target.pdu.NopOut;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.Tag;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PduFramerTest {
  private static final int MAX = 1024;

  private final PooledByteBufAllocator allocator = new PooledByteBufAllocator(true);
  private final PduFramer framer = new PduFramer(InitiatorPdu::decode, MAX);
  private final EmbeddedChannel channel = new EmbeddedChannel(framer);

  PduFramerTest() {
    channel.config().setAllocator(allocator);
  }

  @AfterEach
  void nothingIsLeft() {
    channel.finishAndReleaseAll();
    assertEquals(0, allocator.pinnedDirectMemory());
  }

  @Test
  void aPduIsReadHoweverItsBytesAreCut() {
    byte[] bytes = dataOut(3, 77);
    for (int cut = 0; cut <= bytes.length; cut++) {
      write(bytes, 0, cut);
      write(bytes, cut, bytes.length);
      DataOut pdu = channel.readInbound();
      assertEquals(77, pdu.data().readableBytes());
      assertEquals(3, pdu.itt());
      pdu.release();
      assertNull(channel.readInbound());
    }
  }

  @Test
  void manyPdusAreReadHoweverTheirBytesAreCut() {
    Random random = new Random(1);
    ByteBuf all = Unpooled.buffer();
    List<Integer> lengths = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      int length = random.nextInt(4) == 0 ? 0 : random.nextInt(MAX + 1);
      lengths.add(length);
      all.writeBytes(dataOut(i, length));
    }
    byte[] bytes = new byte[all.readableBytes()];
    all.readBytes(bytes);
    int from = 0;
    while (from < bytes.length) {
      int to = Math.min(bytes.length, from + 1 + random.nextInt(2000));
      write(bytes, from, to);
      from = to;
    }
    for (int i = 0; i < lengths.size(); i++) {
      DataOut pdu = channel.readInbound();
      assertEquals(i, pdu.itt());
      assertEquals(lengths.get(i), pdu.data().readableBytes());
      pdu.release();
    }
  }

  /** §11.2.3: digests are not counted by any length field. */
  @ParameterizedTest
  @CsvSource({"true, true", "true, false", "false, true"})
  void pdusWithDigestsAreReadHoweverTheirBytesAreCut(boolean header, boolean data) {
    Digests digests = new Digests(header, data);
    framer.negotiated(MAX, digests);
    ByteBuf all = Unpooled.buffer();
    for (int length : new int[] {5, 0, 8}) {
      all.writeBytes(PduSocket.bytes(command(length), digests));
    }
    byte[] bytes = new byte[all.readableBytes()];
    all.readBytes(bytes);
    for (int cut = 0; cut <= bytes.length; cut++) {
      write(bytes, 0, cut);
      write(bytes, cut, bytes.length);
      for (int length : new int[] {5, 0, 8}) {
        ScsiCommand pdu = channel.readInbound();
        assertEquals(length, pdu.itt());
        assertEquals(length, pdu.data().readableBytes());
        assertEquals(6, pdu.ahs().extendedCdb().remaining());
        pdu.release();
      }
    }
  }

  /** §7.8: the lengths of a damaged header are not believed, be it one PDU or in pieces. */
  @ParameterizedTest(name = "byte {0}")
  @ValueSource(ints = {0, 5, 7, 20, 47, 48, 55, 60, 63})
  void aDamagedHeaderEndsTheFraming(int at) {
    Digests digests = new Digests(true, true);
    framer.negotiated(MAX, digests);
    byte[] bytes = PduSocket.bytes(command(100), digests);
    bytes[at] ^= 0x10;
    write(bytes, 0, 30);
    assertThrows(HeaderDigestException.class, () -> write(bytes, 30, bytes.length));
    write(bytes, 0, bytes.length);
    assertNull(channel.readInbound());
  }

  /** §7.8: damaged data, padding or data digest are told of, and the next PDU is read. */
  @ParameterizedTest(name = "byte {0} of the data segment")
  @ValueSource(ints = {0, 50, 96, 97, 99, 100, 103})
  void damagedDataAreToldOf(int at) {
    Digests digests = new Digests(true, true);
    framer.negotiated(MAX, digests);
    byte[] bytes = PduSocket.bytes(command(97), digests);
    bytes[Bhs.BYTES + 12 + Digest.BYTES + at] ^= 1;
    write(bytes, 0, bytes.length);
    CorruptData corrupt = channel.readInbound();
    assertEquals(97, corrupt.pdu().itt());
    assertEquals(97, corrupt.pdu().data().readableBytes());
    corrupt.pdu().release();
    byte[] next = PduSocket.bytes(command(4), digests);
    write(next, 0, next.length);
    channel.<ScsiCommand>readInbound().release();
  }

  private static ScsiCommand command(int length) {
    byte[] extension = {1, 2, 3, 4, 5, 6};
    return new ScsiCommand(
        false,
        true,
        false,
        true,
        ScsiCommand.SIMPLE,
        0,
        length,
        length,
        1,
        1,
        0,
        0,
        new Ahs(ByteBuffer.wrap(extension), Ahs.ABSENT),
        Unpooled.wrappedBuffer(new byte[length]));
  }

  @Test
  void aDataSegmentBeyondTheDeclaredLengthIsAFormatErrorAtTheHeader() {
    byte[] bytes = dataOut(1, MAX + 1);
    ByteBuf header = Unpooled.wrappedBuffer(bytes, 0, Bhs.BYTES);
    assertThrows(MalformedPduException.class, () -> channel.writeInbound(header));
  }

  @Test
  void nothingIsReadBehindAFormatError() {
    byte[] bad = dataOut(1, MAX + 1);
    ByteBuf both = Unpooled.wrappedBuffer(bad, dataOut(2, 10));
    assertThrows(MalformedPduException.class, () -> channel.writeInbound(both));
    channel.writeInbound(Unpooled.wrappedBuffer(dataOut(3, 10)));
    assertNull(channel.readInbound());
  }

  @Test
  void anUnfinishedPduIsGivenUpWithItsConnection() {
    write(dataOut(1, 500), 0, 300);
    assertEquals(false, channel.finish());
  }

  @Test
  void aLargerSegmentIsTakenOnceItIsNegotiated() {
    framer.negotiated(4 * MAX, Digests.NONE);
    write(dataOut(1, 3 * MAX), 0, 100);
    write(dataOut(1, 3 * MAX), 100, Bhs.BYTES + 3 * MAX);
    DataOut pdu = channel.readInbound();
    assertEquals(3 * MAX, pdu.data().readableBytes());
    pdu.release();
  }

  @Test
  void paddingIsSkipped() {
    ByteBuf all = Unpooled.buffer();
    NopOut nop = new NopOut(true, 0, 9, Tag.NONE, 1, 1, Unpooled.EMPTY_BUFFER);
    all.writeBytes(dataOut(1, 1));
    nop.encodeHeader(all);
    channel.writeInbound(all);
    channel.<DataOut>readInbound().release();
    assertEquals(9, assertInstanceOf(NopOut.class, channel.readInbound()).itt());
  }

  private void write(byte[] bytes, int from, int to) {
    if (to > from) {
      channel.writeInbound(allocator.directBuffer(to - from).writeBytes(bytes, from, to - from));
    }
  }

  private static byte[] dataOut(int itt, int length) {
    DataOut pdu =
        new DataOut(true, 0, itt, Tag.NONE, 0, 0, 0, Unpooled.wrappedBuffer(new byte[length]));
    ByteBuf out = Unpooled.buffer();
    pdu.encodeHeader(out);
    out.writeZero(Bhs.padded(length));
    byte[] bytes = new byte[out.readableBytes()];
    out.readBytes(bytes);
    return bytes;
  }
}
