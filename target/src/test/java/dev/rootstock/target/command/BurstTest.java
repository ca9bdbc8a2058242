// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.pdu.Ahs;
import dev.rootstock.target.pdu.Bhs;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.scsi.Plan;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is kept of a write's data as they came, and what is copied. */
class BurstTest {
  private static final int LENGTH = 4096;

  private final PooledByteBufAllocator allocator = new PooledByteBufAllocator(true);

  @AfterEach
  void nothingIsLeft() {
    assertEquals(0, allocator.pinnedDirectMemory());
  }

  @Test
  void dataThatAreAllOfTheirMemoryAreNotCopied() {
    ByteBuf pdu = pdu(Limits.AROUND_DATA);
    ByteBuf data = pdu.retainedSlice(Bhs.BYTES, LENGTH);
    Burst burst = Burst.of(data, 8192, LENGTH);
    assertNotNull(burst);
    assertTrue(burst.whole());
    assertEquals(8192, burst.start());
    assertEquals(8192 + LENGTH, burst.end());
    assertEquals(pdu.memoryAddress() + Bhs.BYTES, burst.buffer().memoryAddress());
    data.release();
    pdu.release();
    // The burst has a reference of its own.
    assertEquals(LENGTH, burst.buffer().readableBytes());
    burst.buffer().release();
  }

  @Test
  void aSliceOfWhatHoldsMoreIsCopied() {
    ByteBuf received = pdu(Limits.AROUND_DATA + 1);
    ByteBuf data = received.retainedSlice(Bhs.BYTES, LENGTH);
    assertNull(Burst.of(data, 0, LENGTH));
    // Nor does a slice of a slice hide what it lies in.
    assertNull(Burst.of(data.slice(0, LENGTH), 0, LENGTH));
    data.release();
    received.release();
  }

  /** What is written is the same, and all memory comes back. */
  @ParameterizedTest(name = "{0} bytes around the data")
  @CsvSource({"48", "60000"})
  void aWriteTakesItsDataEitherWay(int around) {
    FakeLink link = new FakeLink(FakeLink.parameters(0, 8192), 0);
    MemoryBlockDevice disk = new MemoryBlockDevice(1 << 20);
    ByteBuf pdu = pdu(around);
    byte[] bytes = new byte[LENGTH];
    new Random(around).nextBytes(bytes);
    pdu.setBytes(Bhs.BYTES, bytes);
    ScsiCommand command =
        new ScsiCommand(
            false,
            true,
            false,
            true,
            0,
            0,
            7,
            LENGTH,
            1,
            1,
            0,
            0,
            Ahs.NONE,
            pdu.retainedSlice(Bhs.BYTES, LENGTH));
    Task task = Task.of(link, command, new Plan.WriteBlocks(disk, 0, LENGTH, Durability.CACHED));
    command.release();
    pdu.release();
    assertEquals(around < Limits.AROUND_DATA, allocator.pinnedDirectMemory() > 0);
    assertFalse(task.isOver());
    task.start();
    assertTrue(task.isOver());
    ByteBuffer written = ByteBuffer.allocate(LENGTH);
    assertTrue(disk.tryRead(0, written));
    assertEquals(ByteBuffer.wrap(bytes), written.flip());
    link.close();
    assertEquals(0, link.allocator.pinnedDirectMemory());
  }

  /** A PDU's memory with so many bytes before and behind its data. */
  private ByteBuf pdu(int around) {
    return allocator.directBuffer(LENGTH + around, LENGTH + around).writeZero(LENGTH + around);
  }
}
