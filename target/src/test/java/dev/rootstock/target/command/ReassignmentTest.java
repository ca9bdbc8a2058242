// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.pdu.Ahs;
import dev.rootstock.target.pdu.DataIn;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.ScsiResponse;
import dev.rootstock.target.pdu.TargetPdu;
import dev.rootstock.target.scsi.Plan;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a read has sent goes on to another connection (RFC 7143 §7.2.2). */
class ReassignmentTest {
  private static final int ITT = 7;
  private static final int LENGTH = 16384;

  private final MemoryBlockDevice disk = new MemoryBlockDevice(1 << 20);
  private final byte[] data = new byte[LENGTH];
  private final FakeLink old = new FakeLink(FakeLink.parameters(2, 4096), 1 << 20);
  private final FakeLink next = new FakeLink(FakeLink.parameters(2, 1024), 1 << 20);

  @BeforeEach
  void fill() {
    new Random(5).nextBytes(data);
    disk.write(0, new ByteBuffer[] {ByteBuffer.wrap(data)}, Durability.CACHED, _ -> {});
  }

  @AfterEach
  void nothingIsLeft() {
    old.close();
    next.close();
    assertEquals(0, old.allocator.pinnedDirectMemory());
    assertEquals(0, next.allocator.pinnedDirectMemory());
  }

  private Task read(FakeLink on) {
    Task task =
        Task.of(
            on,
            new ScsiCommand(
                false,
                true,
                true,
                false,
                0,
                0,
                ITT,
                LENGTH,
                1,
                1,
                0,
                0,
                Ahs.NONE,
                Unpooled.EMPTY_BUFFER),
            new Plan.ReadBlocks(disk, 0, LENGTH, false));
    task.start();
    return task;
  }

  /**
   * §11.5.6: from ExpDataSN on, in new segments; §7.2.2: the status anew, with a SNACK Tag of 0.
   */
  @Test
  void dataAndStatusAreSentOnTheNewConnectionInItsSegments() throws Exception {
    read(old);
    assertEquals(5, old.sent().size());
    assertTrue(old.store().holds(ITT, 1));
    assertTrue(old.store().hasResponse(ITT));
    next.store().takeOver(old.store(), ITT, 1);
    List<TargetPdu> again = next.sent();
    ByteArrayOutputStream rest = new ByteArrayOutputStream();
    for (int i = 0; i < again.size() - 1; i++) {
      DataIn pdu = assertInstanceOf(DataIn.class, again.get(i));
      assertEquals(i + 1, pdu.dataSn());
      pdu.data().readBytes(rest, pdu.data().readableBytes());
    }
    assertArrayEquals(Arrays.copyOfRange(data, 4096, LENGTH), rest.toByteArray());
    ScsiResponse response = assertInstanceOf(ScsiResponse.class, again.getLast());
    assertEquals(100, response.statSn());
    assertEquals(13, response.expDataSn());
    assertEquals(0, response.snackTag());
    assertFalse(old.store().hasResponse(ITT));
    next.store().acknowledge(101);
    assertFalse(next.store().hasResponse(ITT));
  }

  /** §11.5.6: at most one more than was sent, and nothing that was acknowledged. */
  @Test
  void nothingIsTakenOverThatIsNotHeld() throws Exception {
    read(old);
    assertFalse(old.store().holds(ITT, 5), "never sent");
    assertFalse(old.store().holds(ITT, -1));
    assertTrue(old.store().holds(ITT, 4), "the status alone");
    old.store().acknowledge(101);
    assertFalse(old.store().hasResponse(ITT));
    assertFalse(old.store().holds(ITT, 1));
  }

  /** §4.2.2.2: a StatSN acknowledges its own task; an older one may be acknowledged late. */
  @Test
  void theDataOfATaskOutliveAnOlderTaskOfItsTag() throws Exception {
    read(old);
    read(old);
    old.store().acknowledge(101);
    assertTrue(old.store().holds(ITT, 0));
    assertTrue(old.store().hasResponse(ITT));
    old.store().acknowledge(102);
    assertFalse(old.store().hasResponse(ITT));
    assertEquals(0, old.kept.taken());
  }

  /** §7.2.2: state that could not be kept is not claimed. */
  @Test
  void dataThatFoundNoRoomAreNotHeld() throws Exception {
    FakeLink tight = new FakeLink(FakeLink.parameters(2, 4096), 5000);
    read(tight);
    assertFalse(tight.store().holds(ITT, 0));
    tight.close();
    assertEquals(0, tight.kept.taken());
  }
}
