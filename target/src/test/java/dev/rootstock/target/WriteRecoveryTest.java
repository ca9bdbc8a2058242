// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.CommandResult;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.initiator.PduSocket;
import dev.rootstock.target.pdu.Ahs;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.ReadyToTransfer;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.SnackRequest;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.wire.Digests;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Data-Out PDUs that are lost at recovery level 1 (RFC 7143 §7.8, §7.9, §11.8). */
class WriteRecoveryTest {
  private static final Digests DATA = new Digests(false, true);
  private static final int PIECE = 1024;
  private static final int PIECES = 8;

  private final MemoryBlockDevice disk = new MemoryBlockDevice(1 << 20);
  private final byte[] data = new byte[PIECE * PIECES];
  @AutoClose private final TestServer server;

  WriteRecoveryTest() throws IOException {
    new Random(8).nextBytes(data);
    server = TestServer.of(disk);
  }

  private static LoginOptions options() {
    return TestServer.options()
        .with("ErrorRecoveryLevel", "1")
        .with("DataDigest", "CRC32C")
        .with("InitialR2T", "Yes")
        .with("ImmediateData", "No");
  }

  private ScsiCommand send(Initiator initiator, int immediate, boolean complete)
      throws IOException {
    ScsiCommand c =
        initiator.command(
            0,
            Initiator.cdb16(0x8A, 0, data.length / 512),
            false,
            true,
            data.length,
            Unpooled.wrappedBuffer(data, 0, immediate));
    ScsiCommand write =
        new ScsiCommand(
            false,
            complete,
            false,
            true,
            c.attribute(),
            0,
            c.itt(),
            data.length,
            c.cmdSn(),
            c.expStatSn(),
            c.cdbHigh(),
            c.cdbLow(),
            Ahs.NONE,
            c.data());
    initiator.socket().send(write);
    return write;
  }

  private DataOut piece(Initiator initiator, int itt, int ttt, int dataSn, int at, boolean last) {
    return new DataOut(
        last,
        0,
        itt,
        ttt,
        initiator.expStatSn(),
        dataSn,
        at * PIECE,
        Unpooled.wrappedBuffer(data, at * PIECE, PIECE));
  }

  private static void sendDamaged(Initiator initiator, DataOut pdu) throws IOException {
    byte[] bytes = PduSocket.bytes(pdu, DATA);
    bytes[bytes.length - 1] ^= 1;
    initiator.socket().sendBytes(bytes);
    Reject reject = assertInstanceOf(Reject.class, initiator.receive());
    assertEquals(Reject.DATA_DIGEST_ERROR, reject.reason());
  }

  private static ReadyToTransfer r2t(Initiator initiator) throws IOException {
    return assertInstanceOf(ReadyToTransfer.class, initiator.receive());
  }

  private void assertWritten(Initiator initiator, ScsiCommand write) throws IOException {
    CommandResult result = initiator.await(write.itt(), data);
    assertTrue(result.good(), result::toString);
    assertArrayEquals(data, initiator.readBlocks(0, 0, data.length / 512).data());
  }

  /**
   * §7.8 a: by the next R2TSN, another tag, and no more than what is missing, from hole to hole.
   */
  @ParameterizedTest(name = "{0} to {1} are damaged, DataPDUInOrder={2}, level {3}")
  @CsvSource({
    "0, 0, Yes, 1",
    "3, 3, Yes, 1",
    "2, 5, Yes, 1",
    "7, 7, Yes, 1",
    "0, 7, Yes, 1",
    "3, 5, No, 1",
    "7, 7, No, 1",
    "2, 5, Yes, 2",
  })
  void damagedDataAreAskedForAgain(int first, int last, String inOrder, String level)
      throws Exception {
    Initiator initiator =
        server.login(options().with("DataPDUInOrder", inOrder).with("ErrorRecoveryLevel", level));
    assertEquals(level, initiator.agreed().get("ErrorRecoveryLevel"));
    assertEquals(inOrder, initiator.agreed().get("DataPDUInOrder"));
    ScsiCommand write = send(initiator, 0, true);
    ReadyToTransfer asked = r2t(initiator);
    for (int i = 0; i < PIECES; i++) {
      DataOut piece = piece(initiator, write.itt(), asked.ttt(), i, i, i == PIECES - 1);
      if (i == first || i == last) {
        sendDamaged(initiator, piece);
      } else {
        initiator.socket().send(piece);
      }
    }
    ReadyToTransfer again = r2t(initiator);
    assertEquals(asked.r2tSn() + 1, again.r2tSn());
    assertTrue(asked.ttt() != again.ttt());
    assertEquals(first * PIECE, again.bufferOffset());
    assertEquals((last - first + 1) * PIECE, again.desiredLength());
    initiator.answer(again, data);
    assertWritten(initiator, write);
  }

  /** §7.9: a gap in DataSN means that a PDU was lost. */
  @Test
  void aGapInDataSnIsAskedForAgain() throws Exception {
    Initiator initiator = server.login(options());
    ScsiCommand write = send(initiator, 0, true);
    ReadyToTransfer asked = r2t(initiator);
    for (int i = 0; i < PIECES; i++) {
      if (i != 4) {
        initiator.socket().send(piece(initiator, write.itt(), asked.ttt(), i, i, i == PIECES - 1));
      }
    }
    ReadyToTransfer again = r2t(initiator);
    assertEquals(4 * PIECE, again.bufferOffset());
    assertEquals(PIECE, again.desiredLength());
    initiator.answer(again, data);
    assertWritten(initiator, write);
  }

  /** §13.18: bytes that were left out, and not lost, are the initiator's error at any level. */
  @Test
  void aJumpWithoutAGapInDataSnSpoilsTheCommand() throws Exception {
    Initiator initiator = server.login(options());
    ScsiCommand write = send(initiator, 0, true);
    ReadyToTransfer asked = r2t(initiator);
    initiator.socket().send(piece(initiator, write.itt(), asked.ttt(), 0, 0, false));
    initiator.socket().send(piece(initiator, write.itt(), asked.ttt(), 1, PIECES - 1, true));
    assertEquals("0b/0c/0d", initiator.await(write.itt(), data).senseCode());
  }

  /** §4.2.2.4: each number comes once in a sequence. */
  @Test
  void aNumberThatHasComeBeforeSpoilsTheCommand() throws Exception {
    Initiator initiator = server.login(options());
    ScsiCommand write = send(initiator, 0, true);
    ReadyToTransfer asked = r2t(initiator);
    for (int i = 0; i < PIECES; i++) {
      int dataSn = i == 1 ? 0 : i;
      initiator
          .socket()
          .send(piece(initiator, write.itt(), asked.ttt(), dataSn, i, i == PIECES - 1));
    }
    assertEquals("0b/47/05", initiator.await(write.itt(), data).senseCode());
  }

  /** Appendix D.2.3: less than was asked for, with the F bit. */
  @Test
  void aShortSequenceIsAskedForAgain() throws Exception {
    Initiator initiator = server.login(options());
    ScsiCommand write = send(initiator, 0, true);
    ReadyToTransfer asked = r2t(initiator);
    initiator.socket().send(piece(initiator, write.itt(), asked.ttt(), 0, 0, true));
    ReadyToTransfer again = r2t(initiator);
    assertEquals(PIECE, again.bufferOffset());
    assertEquals(data.length - PIECE, again.desiredLength());
    initiator.answer(again, data);
    assertWritten(initiator, write);
  }

  /** §7.8: unsolicited data are no different; what was not sent is asked for afterwards. */
  @ParameterizedTest(name = "{0} bytes immediate")
  @CsvSource({"0", "1024"})
  void damagedUnsolicitedDataAreAskedForAgain(int immediate) throws Exception {
    Initiator initiator =
        server.login(
            options()
                .with("InitialR2T", "No")
                .with("ImmediateData", "Yes")
                .with("FirstBurstLength", "4096"));
    ScsiCommand write = send(initiator, immediate, false);
    int begin = immediate / PIECE;
    for (int i = begin; i < 4; i++) {
      sendDamaged(initiator, piece(initiator, write.itt(), Tag.NONE, i - begin, i, i == 3));
    }
    ReadyToTransfer again = r2t(initiator);
    assertEquals(immediate, again.bufferOffset());
    assertEquals(4096 - immediate, again.desiredLength());
    initiator.answer(again, data);
    ReadyToTransfer rest = r2t(initiator);
    assertEquals(4096, rest.bufferOffset());
    assertEquals(data.length - 4096, rest.desiredLength());
    initiator.answer(rest, data);
    assertWritten(initiator, write);
  }

  /** §7.8 b, when enough is enough. */
  @Test
  void aTaskIsRecoveredOnlySoOften() throws Exception {
    Initiator initiator = server.login(options());
    ScsiCommand write = send(initiator, 0, true);
    for (int i = 0; i <= Limits.RECOVERIES; i++) {
      ReadyToTransfer asked = r2t(initiator);
      assertEquals(i, asked.r2tSn());
      sendDamaged(initiator, piece(initiator, write.itt(), asked.ttt(), 0, 0, true));
    }
    assertEquals("0b/47/05", initiator.await(write.itt(), data).senseCode());
  }

  /** §13.19: where only the last R2T may be repeated, there is one at a time. */
  @Test
  void sequencesInOrderAllowOneR2tAtATime() throws Exception {
    Initiator initiator = server.login(options().with("MaxOutstandingR2T", "8"));
    assertEquals("1", initiator.agreed().get("MaxOutstandingR2T"));
    Initiator other =
        server.login(
            options()
                .with("MaxOutstandingR2T", "8")
                .with("DataSequenceInOrder", "No")
                .withIsid(new Isid(9)));
    assertEquals("4", other.agreed().get("MaxOutstandingR2T"));
  }

  /** §7.8 a, §13.17: holes of one burst are asked for while another burst is under way. */
  @Test
  void oneOfSeveralBurstsIsRecovered() throws Exception {
    Initiator initiator =
        server.login(
            options()
                .with("MaxBurstLength", "4096")
                .with("FirstBurstLength", "4096")
                .with("MaxOutstandingR2T", "2")
                .with("DataSequenceInOrder", "No"));
    ScsiCommand write = send(initiator, 0, true);
    ReadyToTransfer one = r2t(initiator);
    ReadyToTransfer two = r2t(initiator);
    for (int i = 0; i < 4; i++) {
      DataOut piece = piece(initiator, write.itt(), one.ttt(), i, i, i == 3);
      if (i == 1) {
        sendDamaged(initiator, piece);
      } else {
        initiator.socket().send(piece);
      }
    }
    ReadyToTransfer again = r2t(initiator);
    assertEquals(2, again.r2tSn());
    assertEquals(PIECE, again.bufferOffset());
    initiator.answer(two, data);
    initiator.answer(again, data);
    assertWritten(initiator, write);
  }

  /** §11.16: an R2T is sent again as it was; one that is answered is acknowledged. */
  @Test
  void r2tsAreSentAgain() throws Exception {
    Initiator initiator =
        server.login(
            options()
                .with("MaxBurstLength", "2048")
                .with("FirstBurstLength", "2048")
                .with("MaxOutstandingR2T", "2")
                .with("DataSequenceInOrder", "No"));
    ScsiCommand write = send(initiator, 0, true);
    ReadyToTransfer zero = r2t(initiator);
    ReadyToTransfer one = r2t(initiator);
    snack(initiator, write, 0, 2);
    assertEquals(zero, r2t(initiator));
    assertEquals(one, r2t(initiator));
    initiator.answer(zero, data);
    ReadyToTransfer two = r2t(initiator);
    snack(initiator, write, 0, 0);
    assertEquals(one, r2t(initiator));
    assertEquals(two, r2t(initiator));
    snack(initiator, write, 2, 0);
    assertEquals(two, r2t(initiator));
    for (int[] wrong : new int[][] {{0, 1}, {0, 2}, {3, 0}, {2, 2}, {-1, 1}, {1, -1}}) {
      snack(initiator, write, wrong[0], wrong[1]);
      Reject reject = assertInstanceOf(Reject.class, initiator.receive());
      assertEquals(Reject.PROTOCOL_ERROR, reject.reason());
      // §11.17.2.
      assertEquals(3, reject.dataSn());
    }
    initiator.answer(one, data);
    initiator.answer(two, data);
    assertWritten(initiator, write);
  }

  private static void snack(Initiator initiator, ScsiCommand of, int begRun, int runLength)
      throws IOException {
    initiator.snack(SnackRequest.DATA_OR_R2T, 0, of.itt(), Tag.NONE, begRun, runLength);
  }

  /** §7.2.1: a command that was lost is sent again, and those behind it wait for it. */
  @Test
  void aLostCommandIsRetried() throws Exception {
    Initiator initiator = server.login(options().with("ImmediateData", "Yes"));
    byte[] block = Arrays.copyOf(data, 512);
    ScsiCommand lost =
        initiator.command(
            0, Initiator.cdb16(0x8A, 9, 1), false, true, 512, Unpooled.wrappedBuffer(block));
    byte[] bytes = PduSocket.bytes(lost, DATA);
    bytes[100] ^= 4;
    initiator.socket().sendBytes(bytes);
    assertEquals(
        Reject.DATA_DIGEST_ERROR, assertInstanceOf(Reject.class, initiator.receive()).reason());
    ScsiCommand next =
        initiator.command(0, Initiator.cdb16(0x88, 9, 1), true, false, 512, Unpooled.EMPTY_BUFFER);
    initiator.socket().send(next);
    initiator.socket().send(lost);
    // A retry that was not needed is ignored without a word (§4.2.2.1).
    initiator.socket().send(lost);
    assertTrue(initiator.await(lost.itt(), block).good());
    assertArrayEquals(block, initiator.await(next.itt(), block).data());
    assertEquals(0, initiator.ping(new byte[0]).length);
  }
}
