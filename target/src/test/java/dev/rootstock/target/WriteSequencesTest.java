// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static dev.rootstock.target.Requests.sendWrite;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.ReadyToTransfer;
import dev.rootstock.target.pdu.ScsiCommand;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several R2Ts at a time, and data in any order (RFC 7143 §11.7.6, §11.8, §13.17 to §13.19). */
class WriteSequencesTest {
  private static final int BURST = 16384;

  private final MemoryBlockDevice disk = new MemoryBlockDevice(4 << 20);
  private final byte[] data = new byte[7 * BURST + 512];
  @AutoClose private final TestServer server;

  WriteSequencesTest() throws IOException {
    new Random(5).nextBytes(data);
    server = TestServer.of(disk);
  }

  private static LoginOptions options() {
    return TestServer.options()
        .with("MaxBurstLength", Integer.toString(BURST))
        .with("InitialR2T", "Yes")
        .with("ImmediateData", "No")
        .with("MaxOutstandingR2T", "16")
        .with("DataPDUInOrder", "No")
        .with("DataSequenceInOrder", "No");
  }

  private ScsiCommand send(Initiator initiator) throws IOException {
    ScsiCommand write = sendWrite(initiator, 0, data.length / 512);
    return write;
  }

  private static ReadyToTransfer r2t(Initiator initiator) throws IOException {
    return Requests.r2t(initiator);
  }

  private void assertWritten(Initiator initiator) throws IOException {
    assertArrayEquals(data, initiator.readBlocks(0, 0, data.length / 512).data());
  }

  @Test
  void asManyR2tsAreOutstandingAsWasAgreedOn() throws Exception {
    Initiator initiator = server.login(options());
    assertEquals("4", initiator.agreed().get("MaxOutstandingR2T"));
    ScsiCommand write = send(initiator);
    List<ReadyToTransfer> asked = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      asked.add(r2t(initiator));
    }
    initiator.socket().timeout(Duration.ofMillis(50));
    assertFalse(initiator.socket().poll());
    initiator.socket().timeout(Duration.ofSeconds(30));
    for (int i = 0; i < 8; i++) {
      ReadyToTransfer r2t = asked.get(i);
      // §11.8: of one task, each goes on where the one before it ends.
      assertEquals(i, r2t.r2tSn());
      assertEquals(i * BURST, r2t.bufferOffset());
      assertEquals(i == 7 ? 512 : BURST, r2t.desiredLength());
      initiator.answer(r2t, data);
      if (asked.size() < 8) {
        asked.add(r2t(initiator));
      }
    }
    assertTrue(initiator.await(write.itt(), data).good());
    assertWritten(initiator);
  }

  /** What belongs where is told by tags and offsets, not by the order of arrival. */
  @Test
  void sequencesMayBeMixed() throws Exception {
    Initiator initiator = server.login(options());
    ScsiCommand write = send(initiator);
    List<ReadyToTransfer> asked = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      asked.add(r2t(initiator));
    }
    int[] dataSn = new int[4];
    for (int piece = 0; piece < 4; piece++) {
      for (int i = 3; i >= 0; i--) {
        send(initiator, asked.get(i), dataSn[i]++, (3 - piece) * 4096, 4096, piece == 3);
      }
    }
    assertTrue(initiator.await(write.itt(), data).good());
    assertWritten(initiator);
  }

  /** §13.18: in any order, and some of them twice. */
  @ParameterizedTest
  @ValueSource(ints = {512, 700, 4096})
  void pdusMayComeInAnyOrderAndOverlap(int size) throws Exception {
    Initiator initiator = server.login(options().with("MaxOutstandingR2T", "1"));
    ScsiCommand write = send(initiator);
    Random random = new Random(size);
    for (int i = 0; i < 8; i++) {
      ReadyToTransfer r2t = r2t(initiator);
      List<Integer> offsets = new ArrayList<>();
      for (int at = 0; at < r2t.desiredLength(); at += size) {
        offsets.add(at);
      }
      Collections.shuffle(offsets, random);
      int dataSn = 0;
      for (int at : offsets) {
        int from = Math.max(0, at - random.nextInt(100));
        int n = Math.min(size + at - from, r2t.desiredLength() - from);
        send(initiator, r2t, dataSn++, from, n, dataSn == offsets.size());
      }
    }
    assertTrue(initiator.await(write.itt(), data).good());
    assertWritten(initiator);
  }

  /** §11.4.7.2: as much in all as was asked for, but with a hole. */
  @Test
  void aHoleSpoilsTheCommandAtRecoveryLevel0() throws Exception {
    Initiator initiator = server.login(options().with("MaxOutstandingR2T", "1"));
    ScsiCommand write = send(initiator);
    ReadyToTransfer r2t = r2t(initiator);
    send(initiator, r2t, 0, 8192, 8192, false);
    send(initiator, r2t, 1, 0, 4096, false);
    send(initiator, r2t, 2, 0, 4096, true);
    assertEquals("0b/0c/0d", initiator.await(write.itt(), data).senseCode());
  }

  /** §7.9: nor does a number that is missing come, even where all bytes have. */
  @Test
  void aGapInDataSnSpoilsTheCommandAtRecoveryLevel0() throws Exception {
    Initiator initiator = server.login(options().with("MaxOutstandingR2T", "1"));
    ScsiCommand write = send(initiator);
    ReadyToTransfer r2t = r2t(initiator);
    send(initiator, r2t, 0, 0, 8192, false);
    send(initiator, r2t, 2, 8192, 8192, true);
    assertEquals("0b/47/05", initiator.await(write.itt(), data).senseCode());
  }

  /** §13.13: whatever data are collected in: whole blocks of a WRITE, or a parameter list. */
  @ParameterizedTest
  @ValueSource(ints = {0x8A, 0x89})
  void noR2tAsksForMoreThanMaxBurstLength(int opcode) throws Exception {
    LoginOptions options =
        options()
            .with("MaxBurstLength", "1000")
            .with("FirstBurstLength", "512")
            .with("MaxOutstandingR2T", "1");
    Initiator initiator = server.login(options);
    byte[] cdb = Initiator.cdb16(opcode, 0, 8);
    if (opcode == 0x89) {
      // COMPARE AND WRITE of four blocks: zeros, and what is to come in their place.
      cdb[13] = 4;
    }
    ScsiCommand write = initiator.command(0, cdb, false, true, 8 * 512, Unpooled.EMPTY_BUFFER);
    byte[] out = new byte[8 * 512];
    System.arraycopy(data, 0, out, out.length / 2, out.length / 2);
    initiator.socket().send(write);
    int asked = 0;
    while (asked < out.length) {
      ReadyToTransfer r2t = r2t(initiator);
      assertEquals(asked, r2t.bufferOffset());
      assertTrue(r2t.desiredLength() <= 1000, r2t::toString);
      asked += r2t.desiredLength();
      initiator.answer(r2t, out);
    }
    assertTrue(initiator.await(write.itt(), out).good());
    byte[] expected = opcode == 0x8A ? out : Arrays.copyOfRange(out, out.length / 2, out.length);
    assertArrayEquals(expected, initiator.readBlocks(0, 0, expected.length / 512).data());
  }

  @Test
  void orderThatWasAgreedOnIsInsistedOn() throws Exception {
    Initiator initiator = server.login(options().with("DataPDUInOrder", "Yes"));
    ScsiCommand write = send(initiator);
    List<ReadyToTransfer> asked = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      asked.add(r2t(initiator));
    }
    send(initiator, asked.get(0), 0, 8192, 8192, false);
    send(initiator, asked.get(0), 1, 0, 8192, true);
    for (int i = 1; i < 4; i++) {
      initiator.ping(new byte[0]);
      // §11.4.2: the status waits for all that has been asked for.
      initiator.answer(asked.get(i), data);
    }
    assertEquals("0b/0c/0d", initiator.await(write.itt(), data).senseCode());
    assertArrayEquals(new byte[BURST], Arrays.copyOf(initiator.readBlocks(0, 0, 32).data(), BURST));
  }

  private void send(
      Initiator initiator, ReadyToTransfer r2t, int dataSn, int at, int length, boolean last)
      throws IOException {
    int offset = r2t.bufferOffset() + at;
    initiator
        .socket()
        .send(
            new DataOut(
                last,
                0,
                r2t.itt(),
                r2t.ttt(),
                initiator.expStatSn(),
                dataSn,
                offset,
                Unpooled.wrappedBuffer(data, offset, length)));
  }
}
