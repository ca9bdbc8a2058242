// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.initiator.PduSocket;
import dev.rootstock.target.pdu.DataIn;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.NopIn;
import dev.rootstock.target.pdu.NopOut;
import dev.rootstock.target.pdu.ReadyToTransfer;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.ScsiResponse;
import dev.rootstock.target.pdu.SnackRequest;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.pdu.TargetPdu;
import dev.rootstock.target.wire.Digests;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An initiator that loses PDUs at random, in both directions, and recovers them as recovery level 1
 * has it (RFC 7143 §7.8, §7.9, Appendix D): what it writes and reads stays whole.
 */
class RandomLossTest {
  private static final int BLOCK = 512;
  private static final int BLOCKS = 512;
  private static final int COMMANDS = 40;
  private static final Digests DATA = new Digests(false, true);

  private final MemoryBlockDevice disk = new MemoryBlockDevice(BLOCKS * BLOCK);
  private final byte[] model = new byte[BLOCKS * BLOCK];

  private Random random = new Random(0);
  private boolean inOrder;

  private boolean lose() {
    return random.nextInt(8) == 0;
  }

  private LoginOptions options() {
    inOrder = random.nextBoolean();
    return TestServer.options()
        .with("ErrorRecoveryLevel", "1")
        .with("DataDigest", "CRC32C")
        .with("InitialR2T", random.nextBoolean() ? "Yes" : "No")
        .with("MaxRecvDataSegmentLength", Integer.toString(512 + random.nextInt(3000)))
        .with("MaxBurstLength", Integer.toString(4096 + random.nextInt(20000)))
        .with("FirstBurstLength", Integer.toString(512 + random.nextInt(8000)))
        .with("MaxOutstandingR2T", Integer.toString(1 + random.nextInt(4)))
        .with("DataSequenceInOrder", random.nextBoolean() ? "Yes" : "No")
        .with("DataPDUInOrder", inOrder ? "Yes" : "No");
  }

  /** §7.1.4.1: data, R2Ts and responses that are lost are recovered within their command. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void nothingIsLostForGood(long seed) throws Exception {
    random = new Random(seed);
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login(options());
      initiator.acknowledging(false);
      for (int i = 0; i < COMMANDS; i++) {
        int blocks = 1 + random.nextInt(64);
        int lba = random.nextInt(BLOCKS - blocks);
        if (random.nextBoolean()) {
          write(initiator, lba, blocks);
        } else {
          read(initiator, lba, blocks);
        }
      }
    }
    byte[] all = new byte[BLOCKS * BLOCK];
    assertTrue(disk.tryRead(0, ByteBuffer.wrap(all)));
    assertArrayEquals(model, all);
  }

  private void read(Initiator initiator, int lba, int blocks) throws IOException {
    int length = blocks * BLOCK;
    byte[] got = new byte[length];
    BitSet missing = new BitSet();
    ScsiCommand read =
        initiator.command(
            0, Initiator.cdb16(0x88, lba, blocks), true, false, length, Unpooled.EMPTY_BUFFER);
    int statSn = read.expStatSn();
    initiator.socket().send(read);
    ScsiResponse response = null;
    int sent = 0;
    while (response == null) {
      TargetPdu pdu = initiator.receive();
      if (pdu instanceof DataIn in) {
        assertEquals(sent, in.dataSn());
        missing.set(sent++);
        take(initiator, in, got, missing);
      } else if (pdu instanceof ScsiResponse last) {
        // Its loss is seen by the StatSN of what comes next (§7.1.4.2).
        response = lose() ? lostResponse(initiator, statSn) : last;
      }
    }
    assertEquals(sent, response.expDataSn());
    assertEquals(0, response.status());
    while (!missing.isEmpty()) {
      int from = missing.nextSetBit(0);
      int run = missing.nextClearBit(from) - from;
      initiator.snack(SnackRequest.DATA_OR_R2T, 0, read.itt(), Tag.NONE, from, run);
      for (int i = 0; i < run; i++) {
        DataIn again = (DataIn) initiator.receive();
        assertEquals(from + i, again.dataSn());
        take(initiator, again, got, missing);
      }
    }
    assertArrayEquals(Arrays.copyOfRange(model, lba * BLOCK, lba * BLOCK + length), got);
    initiator.acknowledge(response.statSn() + 1);
  }

  private void take(Initiator initiator, DataIn in, byte[] into, BitSet missing)
      throws IOException {
    if (lose()) {
      return;
    }
    missing.clear(in.dataSn());
    in.data().readBytes(into, in.bufferOffset(), in.data().readableBytes());
    // §11.7.2: not before there are no holes.
    if (in.acknowledge() && missing.isEmpty()) {
      initiator.snack(SnackRequest.DATA_ACK, in.lun(), Tag.NONE, in.ttt(), in.dataSn() + 1, 0);
    }
  }

  private static ScsiResponse lostResponse(Initiator initiator, int statSn) throws IOException {
    initiator
        .socket()
        .send(
            new NopOut(
                true,
                0,
                initiator.newTag(),
                Tag.NONE,
                initiator.cmdSn(),
                statSn,
                Unpooled.EMPTY_BUFFER));
    NopIn next = (NopIn) initiator.receive();
    int lost = next.statSn() - 1;
    initiator.snack(SnackRequest.STATUS, 0, Tag.NONE, Tag.NONE, lost, 1);
    ScsiResponse again = (ScsiResponse) initiator.receive();
    assertEquals(lost, again.statSn());
    return again;
  }

  private void write(Initiator initiator, int lba, int blocks) throws IOException {
    byte[] data = new byte[blocks * BLOCK];
    random.nextBytes(data);
    ScsiCommand write =
        initiator.command(
            0, Initiator.cdb16(0x8A, lba, blocks), false, true, data.length, Unpooled.EMPTY_BUFFER);
    initiator.socket().send(write);
    ScsiResponse response = null;
    int lastStatSn = 0;
    while (response == null) {
      TargetPdu pdu = initiator.receive();
      switch (pdu) {
        case ReadyToTransfer r2t -> {
          if (lose()) {
            initiator.snack(SnackRequest.DATA_OR_R2T, 0, write.itt(), Tag.NONE, r2t.r2tSn(), 1);
          } else {
            answer(initiator, r2t, data);
          }
        }
        case Reject reject -> {
          assertEquals(Reject.DATA_DIGEST_ERROR, reject.reason());
          lastStatSn = reject.statSn();
        }
        case ScsiResponse last -> response = last;
        default -> throw new IOException("unexpected: " + pdu);
      }
    }
    assertEquals(0, response.status(), () -> "after " + write);
    assertTrue(lastStatSn - response.statSn() < 0);
    initiator.acknowledge(response.statSn() + 1);
    System.arraycopy(data, 0, model, lba * BLOCK, data.length);
  }

  /**
   * In pieces of any size, in any order where that was agreed on, some damaged and some left out.
   */
  private void answer(Initiator initiator, ReadyToTransfer r2t, byte[] data) throws IOException {
    List<int[]> pieces = new ArrayList<>();
    int end = r2t.bufferOffset() + r2t.desiredLength();
    for (int at = r2t.bufferOffset(); at < end; ) {
      int n = Math.min(end - at, 4 * (100 + random.nextInt(900)));
      pieces.add(new int[] {at, n});
      at += n;
    }
    if (!inOrder) {
      Collections.shuffle(pieces, random);
    }
    for (int i = 0; i < pieces.size(); i++) {
      int[] piece = pieces.get(i);
      boolean last = i == pieces.size() - 1;
      DataOut pdu =
          new DataOut(
              last,
              0,
              r2t.itt(),
              r2t.ttt(),
              initiator.expStatSn(),
              i,
              piece[0],
              Unpooled.wrappedBuffer(data, piece[0], piece[1]));
      byte[] bytes = PduSocket.bytes(pdu, DATA);
      if (random.nextInt(24) == 0) {
        bytes[bytes.length - 1 - random.nextInt(piece[1])] ^= 0x20;
      } else if (!last && random.nextInt(24) == 0) {
        continue;
      }
      initiator.socket().sendBytes(bytes);
    }
  }
}
