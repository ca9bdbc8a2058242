// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static dev.rootstock.target.Requests.r2t;
import static dev.rootstock.target.Requests.sendRead;
import static dev.rootstock.target.Requests.sendWrite;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Geometry;
import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.CommandResult;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.pdu.DataIn;
import dev.rootstock.target.pdu.ReadyToTransfer;
import dev.rootstock.target.pdu.Residual;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.ScsiResponse;
import dev.rootstock.target.pdu.TargetPdu;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How the data of commands travel (RFC 7143 §11.3 to §11.8). */
class ReadWriteTest {
  private static final int BLOCK = 512;
  private static final int SIZE = 4 << 20;

  private final MemoryBlockDevice disk = new MemoryBlockDevice(SIZE);

  @ParameterizedTest
  @CsvSource({"512", "8192", "65536", "262144", "1048576", "3000320"})
  void whatIsWrittenIsRead(int length) throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      byte[] data = random(length);
      assertTrue(initiator.writeBlocks(0, 3, data).good());
      CommandResult read = initiator.readBlocks(0, 3, length / BLOCK);
      assertTrue(read.good());
      assertArrayEquals(data, read.data());
      assertEquals(Residual.NONE, read.residual());
    }
  }

  /** Negotiated sizes that fit no block: the segments are cut all the same. */
  @ParameterizedTest(name = "segment {0}, burst {1}, first {2}, block {3}")
  @CsvSource({
    "512, 512, 512, 512",
    "512, 1024, 512, 4096",
    "1000, 3000, 1000, 512",
    "1001, 3001, 513, 4096",
    "8192, 10000, 10000, 512",
    "16777215, 16777215, 16777215, 4096",
  })
  void oddSizesAreServed(String segment, String burst, String first, int block) throws Exception {
    var device = new MemoryBlockDevice(new Geometry(1 << 20, block, 4096, false));
    try (TestServer server = TestServer.of(device)) {
      Initiator initiator =
          server.login(
              TestServer.options()
                  .with("MaxRecvDataSegmentLength", segment)
                  .with("MaxBurstLength", burst)
                  .with("FirstBurstLength", first));
      byte[] data = random(10 * 4096);
      int blocks = data.length / block;
      assertTrue(initiator.write(0, Initiator.cdb16(0x8A, 1, blocks), data).good());
      CommandResult read = initiator.read(0, Initiator.cdb16(0x88, 1, blocks), data.length);
      assertTrue(read.good());
      assertArrayEquals(data, read.data());
    }
  }

  /** §11.7.1, §11.7.3, §11.7.5: DataSN counts on, F ends each burst, S comes with the last. */
  @Test
  void readsAreCutIntoSegmentsAndBursts() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator =
          server.login(
              TestServer.options()
                  .with("MaxRecvDataSegmentLength", "1024")
                  .with("MaxBurstLength", "2048"));
      int statSn = initiator.expStatSn();
      sendRead(initiator, 0, 10);
      for (int i = 0; i < 5; i++) {
        DataIn data = assertInstanceOf(DataIn.class, initiator.receive());
        assertEquals(i, data.dataSn());
        assertEquals(i * 1024, data.bufferOffset());
        assertEquals(1024, data.data().readableBytes());
        assertEquals(i % 2 == 1 || i == 4, data.last());
        assertEquals(i == 4, data.withStatus());
        assertNumbers(initiator, statSn, data);
      }
    }
  }

  /** iPXE takes its numbers from every PDU; R2T and Data-In without status are no exceptions. */
  @Test
  void anR2tCarriesTheSessionsNumbers() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      int statSn = initiator.expStatSn();
      sendWrite(initiator, 0, 1);
      ReadyToTransfer r2t = r2t(initiator);
      assertNumbers(initiator, statSn, r2t);
      assertEquals(0, r2t.bufferOffset());
      assertEquals(512, r2t.desiredLength());
      assertEquals(0, r2t.r2tSn());
    }
  }

  private static void assertNumbers(Initiator initiator, int statSn, TargetPdu pdu) {
    assertEquals(statSn, pdu.statSn());
    assertEquals(initiator.cmdSn(), pdu.expCmdSn());
    assertTrue(pdu.maxCmdSn() - pdu.expCmdSn() >= 0);
  }

  /** §11.8.4: no R2T asks for more than MaxBurstLength. */
  @Test
  void writesAreAskedForBurstByBurst() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login(TestServer.options().with("MaxBurstLength", "4096"));
      byte[] data = random(3 * 4096 + 512);
      ScsiCommand write =
          initiator.command(
              0, Initiator.cdb16(0x8A, 0, 25), false, true, data.length, Unpooled.EMPTY_BUFFER);
      initiator.socket().send(write);
      for (int i = 0; i < 4; i++) {
        ReadyToTransfer r2t = r2t(initiator);
        assertEquals(i, r2t.r2tSn());
        assertEquals(i * 4096, r2t.bufferOffset());
        assertEquals(i == 3 ? 512 : 4096, r2t.desiredLength());
        initiator.answer(r2t, data);
      }
      assertTrue(initiator.await(write.itt(), data).good());
      assertArrayEquals(data, initiator.readBlocks(0, 0, 25).data());
    }
  }

  @ParameterizedTest(name = "READ of {0} bytes, {1} expected: {2} come, residual {3}")
  @CsvSource({
    "512, 10000, 512, false, 9488",
    "1024, 512, 512, true, 512",
    "512, 200, 200, true, 312",
    "512, 0, 0, true, 512",
    "512, 512, 512, false, 0",
    "0, 512, 0, false, 512",
  })
  void readResidual_11_4_5(int asked, int expected, int come, boolean overflow, int residual)
      throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      CommandResult result = initiator.read(0, Initiator.cdb16(0x88, 0, asked / BLOCK), expected);
      assertTrue(result.good());
      assertEquals(come, result.data().length);
      assertEquals(new Residual(overflow, residual), result.residual());
    }
  }

  @ParameterizedTest(name = "WRITE of {0} bytes, {1} expected: {2} are written, residual {4}")
  @CsvSource({
    "512, 10000, 512, false, 9488",
    "1024, 512, 512, true, 512",
    "512, 512, 512, false, 0",
    "0, 512, 0, false, 512",
  })
  void writeResidual_11_4_5(int asked, int sent, int written, boolean overflow, int residual)
      throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      byte[] data = new byte[sent];
      Arrays.fill(data, (byte) 0xAB);
      CommandResult result = initiator.write(0, Initiator.cdb16(0x8A, 0, asked / BLOCK), data);
      assertTrue(result.good());
      assertEquals(new Residual(overflow, residual), result.residual());
      byte[] expected = new byte[2048];
      Arrays.fill(expected, 0, written, (byte) 0xAB);
      assertArrayEquals(expected, initiator.readBlocks(0, 0, 4).data());
    }
  }

  /** FCP-4 says the same of its transport: nothing is moved, INVALID FIELD IN COMMAND IU. */
  @ParameterizedTest(name = "operation code {0}, {1} bytes asked for, {2} sent")
  @CsvSource({"0x8A, 512, 200", "0x8A, 1024, 700", "0x8E, 1024, 700", "0x8B, 1024, 700"})
  void aWriteThatEndsWithinABlockIsRefused_11_4_5(String code, int asked, int sent)
      throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      byte[] cdb = Initiator.cdb16(Integer.decode(code), 0, asked / BLOCK);
      byte[] data = new byte[sent];
      Arrays.fill(data, (byte) 0xAB);
      CommandResult result = initiator.write(0, cdb, data);
      assertEquals("05/0e/03", result.senseCode());
      assertEquals(new Residual(true, asked - sent), result.residual());
      assertArrayEquals(new byte[1024], initiator.readBlocks(0, 0, 2).data());
    }
  }

  @Test
  void aReadThatTheDeviceCannotAnswerAtOnceComesLater() throws Exception {
    byte[] content = random(1 << 20);
    disk.fill(0, content);
    SlowDevice slow = new SlowDevice(disk);
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator =
          server.login(TestServer.options().with("MaxRecvDataSegmentLength", "5000"));
      ScsiCommand read =
          initiator.command(
              0,
              Initiator.cdb16(0x88, 0, 2048),
              true,
              false,
              content.length,
              Unpooled.EMPTY_BUFFER);
      initiator.socket().send(read);
      for (int i = 0; i < 4; i++) {
        slow.letOne();
      }
      assertArrayEquals(content, initiator.await(read.itt(), new byte[0]).data());
    }
  }

  /** Promise 2: nothing is acknowledged before the device has said so. */
  @Test
  void aWriteIsNotAnsweredBeforeItIsCompleted() throws Exception {
    SlowDevice slow = new SlowDevice(disk);
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      byte[] data = random(512);
      ScsiCommand write = sendWrite(initiator, 0, data);
      slow.awaitHeld(1);
      // The ping overtakes the write: the connection is alive, and the write is not answered.
      assertArrayEquals(new byte[] {1}, initiator.ping(new byte[] {1}));
      slow.letOne();
      assertTrue(initiator.await(write.itt(), data).good());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "READ_FAILED, 03/11/00",
    "FENCED, 02/04/03",
    "CLOSED, 02/04/01",
  })
  void aReadThatFailsTellsWhy(BlockIoException.Kind kind, String sense) throws Exception {
    SlowDevice slow = new SlowDevice(disk);
    slow.holdNothing();
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      slow.failWith(kind);
      CommandResult result = initiator.readBlocks(0, 0, 8);
      assertFalse(result.good());
      assertEquals(2, result.status());
      assertEquals(sense, result.senseCode());
      slow.failWith(null);
      assertTrue(initiator.readBlocks(0, 0, 8).good());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "NO_SPACE, 07/27/07",
    "QUOTA, 07/27/07",
    "READ_ONLY, 07/27/00",
    "WRITE_FAILED, 03/0c/00",
    "FENCED, 02/04/03",
  })
  void aWriteThatFailsTellsWhy(BlockIoException.Kind kind, String sense) throws Exception {
    SlowDevice slow = new SlowDevice(disk);
    slow.holdNothing();
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      slow.failWith(kind);
      CommandResult result = initiator.writeBlocks(0, 0, random(600 * BLOCK));
      assertEquals(2, result.status());
      assertEquals(sense, result.senseCode());
      slow.failWith(null);
      assertTrue(initiator.writeBlocks(0, 0, random(BLOCK)).good());
    }
  }

  /** §11.3.1: no command that we know moves data both ways. */
  @Test
  void aBidirectionalCommandIsRefused() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      ScsiCommand both =
          initiator.command(0, Initiator.cdb16(0x8A, 0, 1), true, true, 512, Unpooled.EMPTY_BUFFER);
      initiator.socket().send(both);
      CommandResult result = initiator.await(both.itt(), new byte[512]);
      assertEquals("05/20/00", result.senseCode());
    }
  }

  @Test
  void aCommandForAUnitThatIsNotThereIsRefused() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      assertEquals("05/25/00", initiator.readBlocks(5, 0, 1).senseCode());
    }
  }

  /** SAM-5 §8.6: an ordered task waits for the older ones, and the younger ones for it. */
  @Test
  void anOrderedTaskIsABarrier() throws Exception {
    SlowDevice slow = new SlowDevice(disk);
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      for (int attribute :
          new int[] {
            ScsiCommand.SIMPLE,
            ScsiCommand.SIMPLE,
            ScsiCommand.ORDERED,
            ScsiCommand.SIMPLE,
            ScsiCommand.HEAD_OF_QUEUE
          }) {
        initiator.socket().send(attributed(initiator, attribute));
      }
      // Both simple ones and the head of the queue.
      slow.awaitHeld(3);
      slow.letAll();
      slow.awaitHeld(1);
      assertEquals(4, slow.begun());
      slow.letOne();
      slow.awaitHeld(1);
      assertEquals(5, slow.begun());
      slow.letOne();
      for (int i = 0; i < 5; i++) {
        assertInstanceOf(DataIn.class, initiator.receive());
      }
    }
  }

  private static ScsiCommand attributed(Initiator initiator, int attribute) {
    return Requests.attributed(Requests.read(initiator, 0, 1), attribute);
  }

  /** §4.2.2.1: the window closes with 128 commands in progress; what is beyond it is ignored. */
  @Test
  void theWindowClosesAndOpensAgain() throws Exception {
    SlowDevice slow = new SlowDevice(disk);
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      int commands = Limits.COMMANDS;
      for (int i = 0; i < commands + 5; i++) {
        sendRead(initiator, 0, 1);
      }
      slow.awaitHeld(commands);
      initiator.ping(new byte[0]);
      assertEquals(commands, slow.begun());
      slow.letAll();
      TargetPdu last = initiator.receive();
      for (int i = 1; i < commands; i++) {
        last = initiator.receive();
      }
      assertEquals(initiator.cmdSn() - 5, last.expCmdSn());
      assertEquals(last.expCmdSn() + commands - 1, last.maxCmdSn());
    }
  }

  @Test
  void aResponseWithSenseCarriesItsLength() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      ScsiCommand unknown =
          initiator.command(0, new byte[] {(byte) 0xC1}, false, false, 0, Unpooled.EMPTY_BUFFER);
      initiator.socket().send(unknown);
      ScsiResponse response = assertInstanceOf(ScsiResponse.class, initiator.receive());
      assertEquals(2 + response.data().getUnsignedShort(0), response.data().readableBytes());
    }
  }

  private static byte[] random(int length) {
    byte[] data = new byte[length];
    new Random(length).nextBytes(data);
    return data;
  }
}
