// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.pdu.DataIn;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.ScsiResponse;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.pdu.TaskManagementRequest;
import dev.rootstock.target.pdu.TaskManagementResponse;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Tasks that wait for others (SAM-5 §8.6), and what the end of those does to the bytes sent. */
class TaskOrderTest {
  private static final int BLOCK = 512;
  private static final int CHUNK = 256 * 1024;

  private final byte[] content = new byte[24 << 20];
  private final MemoryBlockDevice disk = new MemoryBlockDevice(content.length);
  private final SlowDevice slow = new SlowDevice(disk);

  TaskOrderTest() {
    new Random(1).nextBytes(content);
    disk.fill(0, content);
  }

  /** A read whose beginning was cold ends on the hot path, with an ordered task behind it. */
  @Test
  void anOrderedTaskBehindAColdReadLeavesItsDataAlone() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      ScsiCommand cold = send(initiator, ScsiCommand.SIMPLE, 0, CHUNK + 48 * 1024);
      slow.awaitHeld(1);
      ScsiCommand ordered = send(initiator, ScsiCommand.ORDERED, 40 * 1024, 32 * 1024);
      ScsiCommand after = send(initiator, ScsiCommand.SIMPLE, 8192, 4096);
      initiator.ping(new byte[0]);
      slow.warm();
      slow.letOne();
      check(initiator, cold, ordered, after);
    }
  }

  /** The last Data-In of a read off the loop, and more behind it than its batch has room for. */
  @Test
  void anOrderedTaskBehindTheEndOfAColdReadLeavesItsHeaderAlone() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      ScsiCommand cold = send(initiator, ScsiCommand.SIMPLE, 0, 64 * 1024);
      slow.awaitHeld(1);
      ScsiCommand ordered = send(initiator, ScsiCommand.ORDERED, 1 << 20, 1 << 20);
      initiator.ping(new byte[0]);
      slow.warm();
      slow.letOne();
      check(initiator, cold, ordered);
    }
  }

  /** A read that paused because nobody took its data ends on the hot path. */
  @Test
  void anOrderedTaskBehindAPausedReadLeavesItsDataAlone() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      ScsiCommand paused = send(initiator, ScsiCommand.SIMPLE, 0, 20 << 20);
      ScsiCommand ordered = send(initiator, ScsiCommand.ORDERED, 1 << 20, 64 * 1024);
      ScsiCommand write = sendWrite(initiator, 7, content.length - BLOCK);
      check(initiator, paused, ordered, write);
      assertArrayEquals(
          new byte[] {7, 7},
          Arrays.copyOf(initiator.readBlocks(0, content.length / BLOCK - 1, 1).data(), 2));
    }
  }

  /** SAM-5 §8.6.2: the head of the queue waits for nobody, and disturbs nobody. */
  @Test
  void theHeadOfTheQueueGoesThroughBetweenTheSegmentsOfOthers() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      ScsiCommand cold = send(initiator, ScsiCommand.SIMPLE, 0, CHUNK + 4096);
      slow.awaitHeld(1);
      ScsiCommand ordered = send(initiator, ScsiCommand.ORDERED, 65536, 4096);
      initiator.ping(new byte[0]);
      slow.warm();
      ScsiCommand head = send(initiator, ScsiCommand.HEAD_OF_QUEUE, 4096, 8192);
      assertArrayEquals(slice(head), collect(initiator, head).get(head.itt()));
      slow.letOne();
      check(initiator, cold, ordered);
    }
  }

  /** SAM-5 §8.6.4: an ordered task that never ran holds nobody back, and lets nobody through. */
  @Test
  void anAbortedOrderedTaskDoesNotOpenTheBarrierOfAnother() throws Exception {
    try (TestServer server = TestServer.of(slow, slow)) {
      Initiator initiator = server.login();
      initiator.read(1, new byte[6], 0);
      ScsiCommand first = send(initiator, ScsiCommand.ORDERED, 0, BLOCK);
      slow.awaitHeld(1);
      var _ = send(initiator, 1, ScsiCommand.ORDERED, 0, BLOCK);
      ScsiCommand third = send(initiator, ScsiCommand.SIMPLE, BLOCK, BLOCK);
      assertEquals(
          TaskManagementResponse.COMPLETE,
          initiator.manage(TaskManagementRequest.ABORT_TASK_SET, 1, Tag.NONE, 0));
      initiator.ping(new byte[0]);
      assertEquals(1, slow.begun());
      slow.letOne();
      slow.letOne();
      check(initiator, first, third);
    }
  }

  /**
   * SAM-5 §8.6: no unit is ever in an ACA condition, so nothing may run in one (RFC 7143 §10.2).
   */
  @Test
  void aTaskWithTheAcaAttributeIsRefused() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      ScsiCommand task = send(initiator, ScsiCommand.ACA, 0, BLOCK);
      assertEquals("05/49/00", initiator.await(task.itt(), new byte[0]).senseCode());
      assertTrue(initiator.readBlocks(0, 0, 1).good());
    }
  }

  private static ScsiCommand send(Initiator initiator, int attribute, int offset, int length)
      throws IOException {
    return send(initiator, 0, attribute, offset, length);
  }

  private static ScsiCommand send(
      Initiator initiator, int lun, int attribute, int offset, int length) throws IOException {
    ScsiCommand c =
        initiator.command(
            lun,
            Initiator.cdb16(0x88, offset / BLOCK, length / BLOCK),
            true,
            false,
            length,
            Unpooled.EMPTY_BUFFER);
    return Requests.send(initiator, Requests.attributed(c, attribute));
  }

  private static ScsiCommand sendWrite(Initiator initiator, int value, int offset)
      throws IOException {
    byte[] data = new byte[BLOCK];
    Arrays.fill(data, (byte) value);
    ScsiCommand command =
        initiator.command(
            0,
            Initiator.cdb16(0x8A, offset / BLOCK, 1),
            false,
            true,
            BLOCK,
            Unpooled.wrappedBuffer(data));
    initiator.socket().send(command);
    return command;
  }

  /** What a read of ours has to bring. */
  private byte[] slice(ScsiCommand read) {
    // LBA in bytes 2 to 9 of the CDB.
    int offset = (int) (read.cdbHigh() << 16 | read.cdbLow() >>> 48) * BLOCK;
    return Arrays.copyOfRange(content, offset, offset + (int) read.expectedBytes());
  }

  private void check(Initiator initiator, ScsiCommand... commands) throws IOException {
    Map<Integer, byte[]> data = collect(initiator, commands);
    for (ScsiCommand command : commands) {
      byte[] expected = command.read() ? slice(command) : new byte[0];
      assertArrayEquals(expected, data.get(command.itt()));
    }
  }

  /** Receives until all commands have ended well; returns what each has brought, by tag. */
  private static Map<Integer, byte[]> collect(Initiator initiator, ScsiCommand... commands)
      throws IOException {
    Map<Integer, ByteArrayOutputStream> open = new HashMap<>();
    Map<Integer, byte[]> ended = new HashMap<>();
    for (ScsiCommand command : commands) {
      open.put(command.itt(), new ByteArrayOutputStream());
    }
    while (ended.size() < commands.length) {
      switch (initiator.receive()) {
        case DataIn in -> {
          ByteArrayOutputStream data = open.get(in.itt());
          assertNotNull(data);
          assertEquals(in.bufferOffset(), data.size());
          in.data().readBytes(data, in.data().readableBytes());
          if (in.withStatus()) {
            assertEquals(0, in.status());
            ended.put(in.itt(), data.toByteArray());
          }
        }
        case ScsiResponse response -> {
          assertEquals(0, response.status());
          ended.put(response.itt(), new byte[0]);
        }
        case Object other -> assertInstanceOf(DataIn.class, other);
      }
    }
    return ended;
  }
}
