// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.PduSocket;
import dev.rootstock.target.pdu.DataIn;
import dev.rootstock.target.pdu.NopOut;
import dev.rootstock.target.pdu.ReadyToTransfer;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.ScsiResponse;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.pdu.TargetPdu;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Peers that ask for much and take little: what we hold for them is bounded. */
class BackPressureTest {
  private static final int MIB = 1 << 20;

  private final MemoryBlockDevice disk = new MemoryBlockDevice(64 * MIB);

  /** 128 MiB are asked for and nobody reads; then somebody does, and all of it comes. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void readsPauseUntilTheInitiatorTakesTheirData(boolean cold) throws Exception {
    SlowDevice slow = new SlowDevice(disk);
    slow.holdNothing();
    try (TestServer server = TestServer.of(cold ? slow : disk)) {
      Initiator initiator = server.login();
      Initiator other = server.login(TestServer.options().withIsid(new Isid(2)));
      Map<Integer, Integer> come = new HashMap<>();
      for (int i = 0; i < Limits.COMMANDS; i++) {
        ScsiCommand read =
            initiator.command(
                0, Initiator.cdb16(0x88, 0, 2048), true, false, MIB, Unpooled.EMPTY_BUFFER);
        come.put(read.itt(), 0);
        initiator.socket().send(read);
      }
      for (int i = 0; i < 20; i++) {
        assertTrue(other.readBlocks(0, 0, 128).good());
        assertHeldBelow((cold ? Limits.SESSION_BYTES : Limits.OUTBOUND_HIGH) + 3 * MIB);
      }
      int open = Limits.COMMANDS;
      while (open > 0) {
        TargetPdu pdu = initiator.receive();
        DataIn data = (DataIn) pdu;
        int before = come.merge(data.itt(), data.data().readableBytes(), Integer::sum);
        assertEquals(before - data.data().readableBytes(), data.bufferOffset());
        if (data.withStatus()) {
          assertEquals(MIB, come.get(data.itt()));
          open--;
        }
      }
    }
  }

  /** Reads that a slow device has not answered yet count too. */
  @Test
  void readsInASlowDeviceAreBounded() throws Exception {
    SlowDevice slow = new SlowDevice(disk);
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      for (int i = 0; i < Limits.COMMANDS; i++) {
        initiator
            .socket()
            .send(
                initiator.command(
                    0, Initiator.cdb16(0x88, 0, 2048), true, false, MIB, Unpooled.EMPTY_BUFFER));
      }
      initiator.ping(new byte[0]);
      assertEquals(Limits.SESSION_BYTES / Limits.READ_CHUNK, slow.begun());
      int open = Limits.COMMANDS;
      slow.holdNothing();
      slow.letAll();
      while (open > 0) {
        open -= ((DataIn) initiator.receive()).withStatus() ? 1 : 0;
      }
    }
  }

  /** No window limits pings; when their echoes pile up we stop to read. */
  @Test
  void aFloodOfPingsIsNotRead() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      byte[] ping =
          PduSocket.bytes(
              new NopOut(
                  true,
                  0,
                  1,
                  Tag.NONE,
                  initiator.cmdSn(),
                  0,
                  Unpooled.wrappedBuffer(new byte[4000])));
      AtomicInteger sent = new AtomicInteger();
      Thread flood =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      for (int i = 0; i < 20_000; i++) {
                        initiator.socket().sendBytes(ping);
                        sent.incrementAndGet();
                      }
                    } catch (IOException e) {
                      // The test is over.
                    }
                  });
      // 80 MB are offered; the flood stands still when socket buffers and our bound are full.
      int before = -1;
      while (sent.get() != before) {
        before = sent.get();
        Thread.sleep(300);
      }
      assertTrue(before < 20_000, before + " pings were read");
      assertHeldBelow(Limits.OUTBOUND_STOP + 4 * MIB);
      initiator.close();
      flood.join();
    }
  }

  /** Writes whose data are asked for share the session's memory; each gets its turn. */
  @Test
  void writesTakeTurnsInTheSessionsMemory() throws Exception {
    SlowDevice slow = new SlowDevice(disk);
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      byte[] data = new byte[MIB];
      int writes = 100;
      for (int i = 0; i < writes; i++) {
        initiator
            .socket()
            .send(
                initiator.command(
                    0, Initiator.cdb16(0x8A, 0, 2048), false, true, MIB, Unpooled.EMPTY_BUFFER));
      }
      int done = 0;
      while (done < writes) {
        slow.letAll();
        switch (receiveOrNothing(initiator)) {
          case ReadyToTransfer r2t -> {
            assertHeldBelow(Limits.SESSION_BYTES + 2 * MIB);
            initiator.answer(r2t, data);
          }
          case ScsiResponse response -> {
            assertEquals(0, response.status());
            done++;
          }
          case null -> {}
          default -> throw new AssertionError();
        }
      }
    }
  }

  /** The device answers only when it is let, so the wait for a PDU has to be short. */
  private static @Nullable TargetPdu receiveOrNothing(Initiator initiator) throws IOException {
    initiator.socket().timeout(Duration.ofMillis(20));
    return initiator.socket().poll() ? initiator.receive() : null;
  }

  private static void assertHeldBelow(long bound) {
    long held = PooledByteBufAllocator.DEFAULT.pinnedDirectMemory();
    assertTrue(held < bound, held + " bytes of buffers are held");
  }
}
