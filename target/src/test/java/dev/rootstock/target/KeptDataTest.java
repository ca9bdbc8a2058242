// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static dev.rootstock.target.Requests.sendRead;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.PduSocket;
import dev.rootstock.target.pdu.DataIn;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.SnackRequest;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.pdu.TargetPdu;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/**
 * What is kept of data until they are acknowledged is bounded, and what found no room is told of
 * (RFC 7143 §7.8, §11.16.2).
 */
class KeptDataTest extends SnackSession {
  private final MemoryBlockDevice disk = new MemoryBlockDevice(16 << 20);
  @AutoClose private final TestServer server;

  KeptDataTest() throws IOException {
    server = TestServer.of(disk);
  }

  /** §11.16.2: what found no room is acknowledged like the rest, which makes room. */
  @Test
  void acknowledgementsMakeRoom() throws Exception {
    Initiator initiator =
        server.login(
            options().with("MaxRecvDataSegmentLength", "262144").with("MaxBurstLength", "262144"));
    initiator.acknowledging(false);
    int length = 2 * Limits.UNACKNOWLEDGED_BYTES;
    for (int round = 0; round < 2; round++) {
      ScsiCommand read = sendRead(initiator, 0, length / 512);
      List<TargetPdu> all = receiveAll(initiator);
      dataSnack(initiator, read, 0, 1);
      assertEquals(all.getFirst(), initiator.receive());
      DataIn asking = (DataIn) all.get(all.size() - 3);
      assertTrue(asking.acknowledge());
      int next = asking.dataSn() + 1;
      initiator.snack(SnackRequest.DATA_ACK, 0, Tag.NONE, asking.ttt(), next, 0);
      dataSnack(initiator, read, 0, 1);
      rejected(initiator, Reject.PROTOCOL_ERROR);
    }
  }

  /** §7.8 a: what the budget had no room for is refused; a task that is over stays as it is. */
  @Test
  void dataBeyondTheBudgetAreNotSentAgain() throws Exception {
    Initiator initiator = server.login(options().with("MaxRecvDataSegmentLength", "262144"));
    initiator.acknowledging(false);
    int length = 2 * Limits.UNACKNOWLEDGED_BYTES;
    ScsiCommand read = sendRead(initiator, 0, length / 512);
    List<TargetPdu> all = receiveAll(initiator);
    dataSnack(initiator, read, all.size() - 2, 1);
    rejected(initiator, Reject.SNACK_REJECT);
    dataSnack(initiator, read, 0, 1);
    assertEquals(all.getFirst(), initiator.receive());
    TestServer.assertSilent(initiator);
  }

  /** §7.8 a, promise 4: what would make us hold much for small requests is rejected. */
  @Test
  void aFloodOfSnacksIsBounded() throws Exception {
    Initiator initiator = server.login(options().with("MaxRecvDataSegmentLength", "262144"));
    initiator.acknowledging(false);
    int length = Limits.UNACKNOWLEDGED_BYTES / 2;
    ScsiCommand read = sendRead(initiator, 0, length / 512);
    receiveAll(initiator);
    byte[] snack =
        PduSocket.bytes(
            new SnackRequest(
                SnackRequest.DATA_OR_R2T, 0, read.itt(), Tag.NONE, initiator.expStatSn(), 0, 0));
    byte[] flood = new byte[1000 * snack.length];
    for (int i = 0; i < 1000; i++) {
      System.arraycopy(snack, 0, flood, i * snack.length, snack.length);
    }
    initiator.socket().sendBytes(flood);
    Initiator other = server.login(TestServer.options().withIsid(new Isid(7)));
    for (int i = 0; i < 20; i++) {
      assertTrue(other.readBlocks(0, 0, 8).good());
      long held = PooledByteBufAllocator.DEFAULT.pinnedDirectMemory();
      assertTrue(held < 3L * Limits.OUTBOUND_STOP, () -> held + " bytes are held");
    }
    // Some were answered, the others rejected.
    int rejected = 0;
    while (rejected == 0) {
      TargetPdu pdu = initiator.receive();
      rejected += pdu instanceof Reject reject && reject.reason() == Reject.SNACK_REJECT ? 1 : 0;
    }
  }

  /** §7.8 a.1: a task that is not over ends with "SNACK rejected". */
  @Test
  void aTaskWhoseDataCannotBeSentAgainEnds() throws Exception {
    SlowDevice slow = new SlowDevice(disk);
    try (TestServer slowly = TestServer.of(slow)) {
      Initiator initiator = slowly.login(options().with("MaxRecvDataSegmentLength", "262144"));
      initiator.acknowledging(false);
      int length = 2 * Limits.UNACKNOWLEDGED_BYTES;
      ScsiCommand read = sendRead(initiator, 0, length / 512);
      int pdus = 0;
      for (int chunks = length * 3 / 4 / Limits.READ_CHUNK; chunks > 0; chunks--) {
        slow.letOne();
        for (int got = 0; got < Limits.READ_CHUNK; pdus++) {
          got += dataIn(initiator).data().readableBytes();
        }
      }
      dataSnack(initiator, read, pdus - 1, 1);
      rejected(initiator, Reject.SNACK_REJECT);
      assertEquals("0b/11/13", initiator.await(read.itt(), new byte[0]).senseCode());
      slow.holdNothing();
      slow.letOne();
      TestServer.assertSilent(initiator);
    }
  }
}
