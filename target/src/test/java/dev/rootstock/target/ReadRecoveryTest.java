// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.pdu.DataIn;
import dev.rootstock.target.pdu.NopIn;
import dev.rootstock.target.pdu.NopOut;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.ScsiResponse;
import dev.rootstock.target.pdu.SnackRequest;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.pdu.TargetPdu;
import dev.rootstock.target.pdu.TaskManagementRequest;
import dev.rootstock.target.pdu.TextRequest;
import dev.rootstock.target.pdu.TextResponse;
import dev.rootstock.target.text.KeyValues;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Data and responses that are asked for again at recovery level 1 (RFC 7143 §7.8, §11.16). */
class ReadRecoveryTest extends SnackSession {
  private static final int PDUS = 10;

  private final MemoryBlockDevice disk = new MemoryBlockDevice(16 << 20);
  private final byte[] data = new byte[PDUS * SEGMENT];
  @AutoClose private final TestServer server;

  ReadRecoveryTest() throws IOException {
    new Random(6).nextBytes(data);
    server = TestServer.of(disk);
  }

  /** A session that has written the data, and acknowledges nothing more by itself. */
  private Initiator login() throws IOException {
    Initiator initiator = server.login(options());
    assertEquals("1", initiator.agreed().get("ErrorRecoveryLevel"));
    assertTrue(initiator.writeBlocks(0, 0, data).good());
    initiator.acknowledging(false);
    return initiator;
  }

  private static ScsiCommand sendRead(Initiator initiator) throws IOException {
    ScsiCommand read = Requests.sendRead(initiator, 0, PDUS * SEGMENT / 512);
    return read;
  }

  /** §11.16: even if the disk holds something else by now. */
  @ParameterizedTest(name = "{1} from DataSN {0} on: {2} to {3}")
  @CsvSource({"2, 3, 2, 5", "7, 0, 7, 10", "0, 0, 0, 10", "9, 1, 9, 10"})
  void dataAreSentAgainAsTheyWereSent(int begRun, int runLength, int from, int to)
      throws Exception {
    Initiator initiator = login();
    ScsiCommand read = sendRead(initiator);
    List<TargetPdu> all = receiveAll(initiator);
    assertEquals(PDUS + 1, all.size());
    Initiator other = server.login(TestServer.options().withIsid(new Isid(7)));
    assertTrue(other.writeBlocks(0, 0, new byte[data.length]).good());
    dataSnack(initiator, read, begRun, runLength);
    for (int i = from; i < to; i++) {
      // The numbers of commands are those of now, which are the same: nothing else was sent.
      assertEquals(all.get(i), initiator.receive());
    }
    TestServer.assertSilent(initiator);
  }

  /** §11.7.3 lets the status travel alone, so that data and status are recovered alone. */
  @Test
  void theStatusIsNoPartOfTheData() throws Exception {
    Initiator initiator = login();
    sendRead(initiator);
    List<TargetPdu> all = receiveAll(initiator);
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    for (int i = 0; i < PDUS; i++) {
      DataIn pdu = assertInstanceOf(DataIn.class, all.get(i));
      assertFalse(pdu.withStatus());
      assertEquals(i, pdu.dataSn());
      assertEquals(i == PDUS - 1 || i % 4 == 3, pdu.last());
      pdu.data().readBytes(read, SEGMENT);
    }
    assertArrayEquals(data, read.toByteArray());
    assertEquals(PDUS, ((ScsiResponse) all.getLast()).expDataSn());
  }

  /** §11.7.2: once in MaxBurstLength bytes, with a tag and the LUN; not with the last data. */
  @Test
  void anAcknowledgementIsAskedForAfterEachBurst() throws Exception {
    Initiator initiator = login();
    sendRead(initiator);
    List<TargetPdu> all = receiveAll(initiator);
    for (int i = 0; i < PDUS; i++) {
      DataIn pdu = (DataIn) all.get(i);
      assertEquals(i == 3 || i == 7, pdu.acknowledge());
      assertEquals(pdu.acknowledge(), pdu.ttt() != Tag.NONE);
    }
  }

  /** §11.7.2: the A bit is not for level 0. */
  @Test
  void anAcknowledgementIsNeverAskedForAtLevel0() throws Exception {
    Initiator initiator = server.login(options().with("ErrorRecoveryLevel", "0"));
    sendRead(initiator);
    for (int i = 0; i < PDUS; i++) {
      DataIn pdu = assertInstanceOf(DataIn.class, initiator.receive());
      assertFalse(pdu.acknowledge());
      assertEquals(i == PDUS - 1, pdu.withStatus());
    }
  }

  /** §11.16.2, §11.16: what was acknowledged may not be asked for again. */
  @Test
  void acknowledgedDataAreGone() throws Exception {
    Initiator initiator = login();
    ScsiCommand read = sendRead(initiator);
    List<TargetPdu> all = receiveAll(initiator);
    int tag = ((DataIn) all.get(3)).ttt();
    initiator.snack(SnackRequest.DATA_ACK, 0, Tag.NONE, tag, 4, 0);
    dataSnack(initiator, read, 3, 2);
    // §11.17.2: the next DataSN of the task.
    assertEquals(PDUS, rejected(initiator, Reject.PROTOCOL_ERROR).dataSn());
    dataSnack(initiator, read, 0, 0);
    for (int i = 4; i < PDUS; i++) {
      DataIn again = assertInstanceOf(DataIn.class, initiator.receive());
      assertEquals(((DataIn) all.get(i)).data(), again.data());
    }
    TestServer.assertSilent(initiator);
  }

  /**
   * §11.16.5, §11.16.7: tag and LUN of the Data-In, and no RunLength; §11.17.1: invalid data ack.
   */
  @ParameterizedTest(name = "LUN {0}, BegRun {2}, RunLength {3}")
  @CsvSource({"1, 0, 4, 0", "0, 1, 4, 0", "0, 0, 11, 0", "0, 0, -1, 0", "0, 0, 4, 1"})
  void aWrongAcknowledgementIsRejected(long lun, int wrongTag, int begRun, int runLength)
      throws Exception {
    Initiator initiator = login();
    ScsiCommand read = sendRead(initiator);
    List<TargetPdu> all = receiveAll(initiator);
    int tag = ((DataIn) all.get(3)).ttt() + wrongTag;
    initiator.snack(SnackRequest.DATA_ACK, lun << 48, Tag.NONE, tag, begRun, runLength);
    rejected(initiator, Reject.INVALID_DATA_ACK);
    dataSnack(initiator, read, 0, 1);
    assertEquals(((DataIn) all.getFirst()).data(), dataIn(initiator).data());
  }

  /** §11.16.1: a SNACK has to come before the status is acknowledged. */
  @Test
  void anAcknowledgedStatusTakesEverythingWithIt() throws Exception {
    Initiator initiator = login();
    ScsiCommand read = sendRead(initiator);
    receiveAll(initiator);
    int statSn = initiator.expStatSn();
    initiator.acknowledging(true);
    TestServer.assertSilent(initiator);
    TestServer.assertSilent(initiator);
    dataSnack(initiator, read, 0, 1);
    rejected(initiator, Reject.PROTOCOL_ERROR);
    statusSnack(initiator, statSn, 1);
    rejected(initiator, Reject.PROTOCOL_ERROR);
  }

  /** §4.2.2.2: ExpStatSN acknowledges what is before it, and not the number that it names. */
  @Test
  void theNextNumberAcknowledgesAStatusAndItsOwnDoesNot() throws Exception {
    Initiator initiator = login();
    ScsiCommand first = sendRead(initiator);
    receiveAll(initiator);
    ScsiCommand second = sendRead(initiator);
    int statSn = receiveAll(initiator).getLast().statSn();
    initiator.acknowledge(statSn);
    dataSnack(initiator, second, 0, 1);
    assertEquals(0, dataIn(initiator).dataSn());
    dataSnack(initiator, first, 0, 1);
    rejected(initiator, Reject.PROTOCOL_ERROR);
    initiator.acknowledge(statSn + 1);
    dataSnack(initiator, second, 0, 1);
    rejected(initiator, Reject.PROTOCOL_ERROR);
  }

  /** §11.16: with "protocol error"; §11.17.2: and with the next DataSN. */
  @ParameterizedTest(name = "{1} from {0} on")
  @CsvSource({"10, 1", "9, 2", "-1, 1", "11, 0", "0, -1"})
  void dataThatWereNeverSentAreRefused(int begRun, int runLength) throws Exception {
    Initiator initiator = login();
    ScsiCommand read = sendRead(initiator);
    receiveAll(initiator);
    dataSnack(initiator, read, begRun, runLength);
    assertEquals(PDUS, rejected(initiator, Reject.PROTOCOL_ERROR).dataSn());
    TestServer.assertSilent(initiator);
  }

  /** §11.16, §11.4.9: with the number and the content of the first time. */
  @Test
  void responsesOfAllKindsAreSentAgain() throws Exception {
    Initiator initiator = login();
    int first = initiator.expStatSn();
    List<TargetPdu> responses = new ArrayList<>();
    initiator
        .socket()
        .send(initiator.command(0, new byte[6], false, false, 0, Unpooled.EMPTY_BUFFER));
    responses.add(initiator.receive());
    initiator.socket().send(initiator.command(0, bad(), false, false, 0, Unpooled.EMPTY_BUFFER));
    responses.add(initiator.receive());
    initiator
        .socket()
        .send(
            new NopOut(
                true,
                0,
                initiator.newTag(),
                Tag.NONE,
                initiator.cmdSn(),
                first,
                Unpooled.wrappedBuffer(new byte[] {1, 2, 3})));
    responses.add(initiator.receive());
    initiator
        .socket()
        .send(
            new TaskManagementRequest(
                true, 1, 0, initiator.newTag(), 99, initiator.cmdSn(), first, 0, 0));
    responses.add(initiator.receive());
    initiator.snack(9, 0, Tag.NONE, Tag.NONE, 0, 0);
    responses.add(rejected(initiator, Reject.PROTOCOL_ERROR));
    statusSnack(initiator, first, 5);
    for (TargetPdu response : responses) {
      TargetPdu again = initiator.receive();
      assertEquals(response.getClass(), again.getClass());
      assertEquals(response.statSn(), again.statSn());
      assertEquals(response.itt(), again.itt());
      assertEquals(response.data(), again.data());
    }
    statusSnack(initiator, first + 2, 1);
    assertEquals(first + 2, assertInstanceOf(NopIn.class, initiator.receive()).statSn());
    statusSnack(initiator, 0, 0);
    for (int i = 0; i < 5; i++) {
      assertEquals(first + i, initiator.receive().statSn());
    }
    statusSnack(initiator, first + 5, 1);
    rejected(initiator, Reject.PROTOCOL_ERROR);
  }

  private static byte[] bad() {
    return new byte[] {(byte) 0xFF, 0, 0, 0, 0, 0};
  }

  /** §11.16.3: in segments of the new length, and with the response that carries the tag. */
  @Test
  void dataAreCutAnewAfterTheSegmentLengthHasChanged() throws Exception {
    Initiator initiator = login();
    ScsiCommand read = sendRead(initiator);
    List<TargetPdu> all = receiveAll(initiator);
    int tag = ((DataIn) all.get(3)).ttt();
    initiator.snack(SnackRequest.DATA_ACK, 0, Tag.NONE, tag, 4, 0);
    declareSegment(initiator, 700);
    initiator.snack(SnackRequest.R_DATA, 0, read.itt(), 0x1234, 0, 0);
    ByteArrayOutputStream again = new ByteArrayOutputStream();
    int dataSn = 4;
    TargetPdu next = initiator.receive();
    while (next instanceof DataIn pdu) {
      assertEquals(dataSn++, pdu.dataSn());
      assertEquals(4 * SEGMENT + again.size(), pdu.bufferOffset());
      assertTrue(pdu.data().readableBytes() <= 700);
      int end = pdu.bufferOffset() + pdu.data().readableBytes();
      // A sequence ends where it ended.
      assertEquals(end == 8 * SEGMENT || end == 10 * SEGMENT, pdu.last());
      pdu.data().readBytes(again, pdu.data().readableBytes());
      next = initiator.receive();
    }
    assertArrayEquals(Arrays.copyOfRange(data, 4 * SEGMENT, data.length), again.toByteArray());
    ScsiResponse response = assertInstanceOf(ScsiResponse.class, next);
    assertEquals(0x1234, response.snackTag());
    assertEquals(all.getLast().statSn(), response.statSn());
    assertEquals(dataSn, response.expDataSn());
    statusSnack(initiator, response.statSn(), 1);
    assertEquals(0x1234, ((ScsiResponse) initiator.receive()).snackTag());
  }

  private static void declareSegment(Initiator initiator, int length) throws IOException {
    initiator
        .socket()
        .send(
            new TextRequest(
                true,
                true,
                false,
                0,
                initiator.newTag(),
                Tag.NONE,
                initiator.cmdSn(),
                initiator.expStatSn(),
                Unpooled.wrappedBuffer(
                    KeyValues.of("MaxRecvDataSegmentLength", Integer.toString(length)).encode())));
    assertInstanceOf(TextResponse.class, initiator.receive());
  }

  /** §11.16.5 to §11.16.7: a tag that is neither 0 nor all ones, BegRun and RunLength 0. */
  @ParameterizedTest(name = "tag {0}, BegRun {1}, RunLength {2}")
  @CsvSource({"0, 0, 0", "-1, 0, 0", "5, 1, 0", "5, 0, 1"})
  void aWrongRequestToCutAnewIsRejected(int tag, int begRun, int runLength) throws Exception {
    Initiator initiator = login();
    ScsiCommand read = sendRead(initiator);
    receiveAll(initiator);
    initiator.snack(SnackRequest.R_DATA, 0, read.itt(), tag, begRun, runLength);
    rejected(initiator, Reject.INVALID_PDU_FIELD);
  }

  /** §11.16.4: of a task, or of none. */
  @ParameterizedTest
  @CsvSource({"0, -1", "1, 5", "2, 5", "3, -1"})
  void aSnackOfAWrongTaskTagIsRejected(int type, int itt) throws Exception {
    Initiator initiator = login();
    initiator.snack(type, 0, itt, 1, 0, 0);
    rejected(initiator, Reject.INVALID_PDU_FIELD);
    TestServer.assertSilent(initiator);
  }

  /** §11: the code of its type is reserved. */
  @ParameterizedTest
  @CsvSource({"4, 5", "4, -1", "15, 5"})
  void aSnackOfAReservedTypeIsRejected(int type, int itt) throws Exception {
    Initiator initiator = login();
    initiator.snack(type, 0, itt, 1, 0, 0);
    rejected(initiator, Reject.PROTOCOL_ERROR);
    TestServer.assertSilent(initiator);
  }
}
