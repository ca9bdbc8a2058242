// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.pdu.Ahs;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.ReadyToTransfer;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.ScsiResponse;
import dev.rootstock.target.scsi.Plan;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Data that do not come (RFC 7143 §7.1.4.1, sequence reception timeout). */
class SequenceTimeoutTest {
  private final MemoryBlockDevice disk = new MemoryBlockDevice(1 << 20);
  private final byte[] data = new byte[4096];
  private final FakeLink link = new FakeLink(FakeLink.parameters(1, 8192), 1 << 20);
  private final Task task =
      Task.of(
          link,
          new ScsiCommand(
              false, true, false, true, 0, 0, 7, 4096, 1, 1, 0, 0, Ahs.NONE, Unpooled.EMPTY_BUFFER),
          new Plan.WriteBlocks(disk, 0, 4096, Durability.CACHED));

  @BeforeEach
  void start() {
    new Random(4).nextBytes(data);
    task.start();
  }

  @AfterEach
  void nothingIsLeft() {
    task.abort(() -> {});
    link.close();
    assertEquals(0, link.allocator.pinnedDirectMemory());
    assertEquals(0, link.kept.taken());
  }

  private ReadyToTransfer r2t() throws Exception {
    return assertInstanceOf(ReadyToTransfer.class, link.sent().getFirst());
  }

  private int send(ReadyToTransfer r2t, int dataSn, int from, int end, boolean last) {
    return task.dataOut(
        new DataOut(
            last, 0, 7, r2t.ttt(), 1, dataSn, from, Unpooled.wrappedBuffer(data, from, end - from)),
        true);
  }

  /** §7.1.4.1 b: by a recovery R2T for what is missing, once nothing has come for a while. */
  @Test
  void whatDoesNotComeIsAskedForAgain() throws Exception {
    ReadyToTransfer first = r2t();
    send(first, 0, 0, 1024, false);
    link.tick();
    send(first, 1, 1024, 2048, false);
    link.tick();
    assertEquals(0, link.sent().size(), "something has come meanwhile");
    link.tick();
    ReadyToTransfer again = r2t();
    assertEquals(1, again.r2tSn());
    assertEquals(2048, again.bufferOffset());
    assertEquals(2048, again.desiredLength());
    // The old answer is of no use any more.
    assertEquals(Reject.INVALID_PDU_FIELD, send(first, 2, 2048, 3072, true));
    send(again, 0, 2048, 4096, true);
    assertEquals(0, link.scheduled.size(), "nothing is left to wait for");
    ScsiResponse response = assertInstanceOf(ScsiResponse.class, link.sent().getFirst());
    assertEquals(0, response.status());
    ByteBuffer written = ByteBuffer.allocate(4096);
    assertTrue(disk.tryRead(0, written));
    assertArrayEquals(data, written.array());
  }

  @Test
  void anInitiatorThatSendsNothingLosesItsCommand() throws Exception {
    for (int i = 0; i <= Limits.RECOVERIES; i++) {
      assertEquals(i, r2t().r2tSn());
      link.tick();
      link.tick();
    }
    ScsiResponse response = assertInstanceOf(ScsiResponse.class, link.sent().getFirst());
    // §11.4.7.2: protocol service CRC error.
    assertEquals("0b4705", sense(response));
    assertEquals(1, link.over.size());
  }

  private static String sense(ScsiResponse response) {
    int at = response.data().readerIndex() + 2;
    return "%02x%02x%02x"
        .formatted(
            response.data().getByte(at + 2) & 0x0F,
            response.data().getByte(at + 12),
            response.data().getByte(at + 13));
  }

  /** §11.5.1: what is aborted waits for no data. */
  @Test
  void anAbortedTaskAsksForNothing() throws Exception {
    r2t();
    task.abort(() -> {});
    assertEquals(0, link.scheduled.size());
  }

  /** §7.2.2: what was asked for on a connection that is gone is asked for on the new one. */
  @Test
  void aReassignedTaskAsksAgain() throws Exception {
    ReadyToTransfer first = r2t();
    send(first, 0, 0, 1024, false);
    FakeLink other = new FakeLink(FakeLink.parameters(2, 8192), 1 << 20);
    task.reassign(other, true);
    ReadyToTransfer again = assertInstanceOf(ReadyToTransfer.class, other.sent().getFirst());
    assertEquals(1024, again.bufferOffset());
    send(again, 0, 1024, 4096, true);
    assertInstanceOf(ScsiResponse.class, other.sent().getFirst());
    other.close();
  }
}
