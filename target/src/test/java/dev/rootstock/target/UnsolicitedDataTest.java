// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static dev.rootstock.target.Requests.r2t;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.CommandResult;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.pdu.Ahs;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.NopIn;
import dev.rootstock.target.pdu.NopOut;
import dev.rootstock.target.pdu.ReadyToTransfer;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.ScsiResponse;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Data that nobody asked for, right and wrong (RFC 7143 §4.2.5.2, §11.4.7.2, §13.10, §13.11). */
class UnsolicitedDataTest {
  private static final int FIRST_BURST = 8192;

  private final MemoryBlockDevice disk = new MemoryBlockDevice(1 << 20);
  private final byte[] data = new byte[64 * 1024];
  @AutoClose private final TestServer server;

  UnsolicitedDataTest() throws IOException {
    new Random(1).nextBytes(data);
    server = TestServer.of(disk);
  }

  private static LoginOptions options(String initialR2t, String immediateData) {
    return TestServer.options()
        .with("InitialR2T", initialR2t)
        .with("ImmediateData", immediateData)
        .with("FirstBurstLength", Integer.toString(FIRST_BURST));
  }

  @ParameterizedTest(name = "{0} bytes, {1} of them immediate")
  @CsvSource({
    "512, 512",
    "8192, 512",
    "8192, 0",
    "8192, 8192",
    "65536, 0",
    "65536, 1000",
    "65536, 8192",
  })
  void immediateAndUnsolicitedDataAreWritten(int length, int immediate) throws Exception {
    Initiator initiator = server.login(options("No", "Yes"));
    int unsolicited = Math.min(length, FIRST_BURST);
    ScsiCommand write = write(initiator, length, immediate, unsolicited == immediate);
    initiator.socket().send(write);
    int dataSn = 0;
    for (int at = immediate; at < unsolicited; at += 1000) {
      int n = Math.min(1000, unsolicited - at);
      initiator.socket().send(dataOut(initiator, write, dataSn++, at, n, at + n == unsolicited));
    }
    CommandResult result = initiator.await(write.itt(), data);
    assertTrue(result.good());
    assertArrayEquals(Arrays.copyOf(data, length), initiator.readBlocks(0, 0, length / 512).data());
  }

  /** §13.11: InitialR2T=Yes and ImmediateData=Yes allow what comes with the command alone. */
  @Test
  void immediateDataAreFollowedByAnR2t() throws Exception {
    Initiator initiator = server.login(options("Yes", "Yes"));
    ScsiCommand write = write(initiator, 4096, 512, true);
    initiator.socket().send(write);
    ReadyToTransfer r2t = r2t(initiator);
    assertEquals(512, r2t.bufferOffset());
    assertEquals(3584, r2t.desiredLength());
    initiator.answer(r2t, data);
    assertTrue(initiator.await(write.itt(), data).good());
  }

  @Test
  void immediateDataThatWereNotAgreedOnSpoilTheCommand() throws Exception {
    Initiator initiator = server.login(options("Yes", "No"));
    ScsiCommand write = write(initiator, 512, 512, true);
    initiator.socket().send(write);
    assertEquals("0b/0c/0c", initiator.await(write.itt(), data).senseCode());
    assertUnwritten(initiator);
  }

  /** §11.4.2: the status waits for the F bit. */
  @Test
  void unsolicitedDataInR2tModeSpoilTheCommandAtTheirEnd() throws Exception {
    Initiator initiator = server.login(options("Yes", "Yes"));
    ScsiCommand write = write(initiator, 4096, 0, false);
    initiator.socket().send(write);
    initiator.socket().send(dataOut(initiator, write, 0, 0, 1024, false));
    initiator.ping(new byte[0]);
    initiator.socket().send(dataOut(initiator, write, 1, 1024, 3072, true));
    assertEquals("0b/0c/0c", initiator.await(write.itt(), data).senseCode());
    assertUnwritten(initiator);
  }

  @ParameterizedTest(name = "{4}")
  @CsvSource({
    "0, 0, 4096, 0b/0c/0d, less than FirstBurstLength and not all",
    "0, 0, 9000, 0b/0c/0d, more than FirstBurstLength",
    "0, 512, 8192, 0b/0c/0d, not at the beginning",
    "1, 0, 8192, 0b/47/05, a DataSN that is not the next",
  })
  void wrongUnsolicitedDataSpoilTheCommand(
      int dataSn, int offset, int length, String sense, String why) throws Exception {
    Initiator initiator = server.login(options("No", "Yes"));
    ScsiCommand write = write(initiator, 32768, 0, false);
    initiator.socket().send(write);
    initiator.socket().send(dataOut(initiator, write, dataSn, offset, length, true));
    assertEquals(sense, initiator.await(write.itt(), data).senseCode(), why);
    assertUnwritten(initiator);
  }

  @Test
  void moreImmediateDataThanTheFirstBurstSpoilTheCommand() throws Exception {
    Initiator initiator = server.login(options("Yes", "Yes"));
    ScsiCommand write = write(initiator, 32768, FIRST_BURST + 512, true);
    initiator.socket().send(write);
    assertEquals("0b/0c/0d", initiator.await(write.itt(), data).senseCode());
    assertUnwritten(initiator);
  }

  @ParameterizedTest(name = "{3}")
  @CsvSource({
    "0, 4608, 0b/0c/0d, more than was asked for",
    "0, 2048, 0b/0c/0d, less than was asked for",
    "512, 4096, 0b/0c/0d, not at the beginning",
  })
  void aWrongAnswerToAnR2tSpoilsTheCommand(int offset, int length, String sense, String why)
      throws Exception {
    Initiator initiator = server.login(options("Yes", "No"));
    ScsiCommand write = write(initiator, 4096, 0, true);
    initiator.socket().send(write);
    ReadyToTransfer r2t = r2t(initiator);
    initiator
        .socket()
        .send(
            new DataOut(
                true,
                0,
                write.itt(),
                r2t.ttt(),
                initiator.expStatSn(),
                0,
                offset,
                Unpooled.wrappedBuffer(data, 0, length)));
    assertEquals(sense, initiator.await(write.itt(), data).senseCode(), why);
    assertUnwritten(initiator);
  }

  @Test
  void dataWithATagThatIsNotOursAreRejectedAndTheCommandGoesOn() throws Exception {
    Initiator initiator = server.login(options("Yes", "No"));
    ScsiCommand write = write(initiator, 4096, 0, true);
    initiator.socket().send(write);
    ReadyToTransfer r2t = r2t(initiator);
    initiator.socket().send(dataOut(initiator, write, 0, 0, 4096, true));
    Reject reject = assertInstanceOf(Reject.class, initiator.receive());
    assertEquals(Reject.INVALID_PDU_FIELD, reject.reason());
    initiator.answer(r2t, data);
    assertTrue(initiator.await(write.itt(), data).good());
  }

  /** iPXE sends 512 bytes a PDU. */
  @Test
  void anR2tMayBeAnsweredInSmallPieces() throws Exception {
    Initiator initiator = server.login(options("Yes", "No"));
    ScsiCommand write = write(initiator, 65024, 0, true);
    initiator.socket().send(write);
    ReadyToTransfer r2t = r2t(initiator);
    for (int i = 0; i < 127; i++) {
      initiator
          .socket()
          .send(
              new DataOut(
                  i == 126,
                  0,
                  write.itt(),
                  r2t.ttt(),
                  initiator.expStatSn(),
                  i,
                  i * 512,
                  Unpooled.wrappedBuffer(data, i * 512, 512)));
    }
    assertTrue(initiator.await(write.itt(), data).good());
    assertArrayEquals(Arrays.copyOf(data, 65024), initiator.readBlocks(0, 0, 127).data());
  }

  /** Data of a command that takes none are dropped, and the command is answered. */
  @Test
  void dataThatACommandDoesNotWantAreDropped() throws Exception {
    Initiator initiator = server.login(options("No", "Yes"));
    ScsiCommand testUnitReady =
        initiator.command(0, new byte[6], false, true, 512, Unpooled.wrappedBuffer(data, 0, 512));
    initiator.socket().send(testUnitReady);
    CommandResult result = initiator.await(testUnitReady.itt(), data);
    assertTrue(result.good());
    assertEquals(512, result.residual().count());
  }

  /** §4.2.2.1, §4.2.5.2: they follow their command at once, also where it has to wait. */
  @ParameterizedTest(name = "with {0} connections")
  @ValueSource(ints = {1, 2})
  void dataOfACommandBeforeItsTurnWaitWithIt(int connections) throws Exception {
    Initiator one = server.login(options("No", "Yes").with("MaxConnections", "2"));
    Initiator two = connections == 1 ? one : server.join(one, 1);
    int first = one.takeCmdSn();
    ScsiCommand write = write(two, 8192, 512, false);
    two.socket().send(write);
    two.socket().send(dataOut(two, write, 0, 512, 3584, false));
    two.socket().send(dataOut(two, write, 1, 4096, 2048, false));
    two.ping(new byte[0]);
    one.socket().send(new NopOut(false, 0, 99, Tag.NONE, first, 0, Unpooled.EMPTY_BUFFER));
    assertEquals(99, assertInstanceOf(NopIn.class, one.receive()).itt());
    two.socket().send(dataOut(two, write, 2, 6144, 2048, true));
    assertTrue(two.await(write.itt(), data).good());
    assertArrayEquals(Arrays.copyOf(data, 8192), two.readBlocks(0, 0, 16).data());
  }

  /** What waits is bounded; beyond it data count as lost, and the command may be sent again. */
  @Test
  void dataThatWaitAreBoundedAndTheRestIsLost() throws Exception {
    Initiator initiator =
        server.login(
            TestServer.options()
                .with("InitialR2T", "No")
                .with("ImmediateData", "Yes")
                .with("FirstBurstLength", Integer.toString(Limits.FIRST_BURST)));
    int first = initiator.takeCmdSn();
    int writes = Limits.EARLY_BYTES / Limits.FIRST_BURST + 5;
    Set<Integer> open = new HashSet<>();
    for (int i = 0; i < writes; i++) {
      ScsiCommand write = write(initiator, Limits.FIRST_BURST, 0, false);
      open.add(write.itt());
      initiator.socket().send(write);
      int half = Limits.FIRST_BURST / 2;
      initiator.socket().send(dataOut(initiator, write, 0, 0, half, false));
      initiator.socket().send(dataOut(initiator, write, 1, half, half, true));
    }
    initiator.socket().send(new NopOut(false, 0, 99, Tag.NONE, first, 0, Unpooled.EMPTY_BUFFER));
    assertInstanceOf(NopIn.class, initiator.receive());
    int lost = 0;
    while (!open.isEmpty()) {
      ScsiResponse response = assertInstanceOf(ScsiResponse.class, initiator.receive());
      assertTrue(open.remove(response.itt()));
      lost += response.status() == 0 ? 0 : 1;
    }
    assertTrue(lost >= 5 && lost < 10, lost + " are lost");
    assertTrue(initiator.writeBlocks(0, 0, new byte[512]).good());
  }

  private void assertUnwritten(Initiator initiator) throws IOException {
    assertArrayEquals(new byte[65536], initiator.readBlocks(0, 0, 128).data());
  }

  private ScsiCommand write(Initiator initiator, int length, int immediate, boolean complete) {
    ScsiCommand c =
        initiator.command(
            0,
            Initiator.cdb16(0x8A, 0, length / 512),
            false,
            true,
            length,
            Unpooled.wrappedBuffer(data, 0, immediate));
    return new ScsiCommand(
        false,
        complete,
        false,
        true,
        c.attribute(),
        0,
        c.itt(),
        length,
        c.cmdSn(),
        c.expStatSn(),
        c.cdbHigh(),
        c.cdbLow(),
        Ahs.NONE,
        c.data());
  }

  private DataOut dataOut(
      Initiator initiator, ScsiCommand write, int dataSn, int offset, int length, boolean last) {
    return new DataOut(
        last,
        0,
        write.itt(),
        Tag.NONE,
        initiator.expStatSn(),
        dataSn,
        offset,
        Unpooled.wrappedBuffer(data, offset, length));
  }
}
