// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static dev.rootstock.target.Requests.r2t;
import static dev.rootstock.target.Requests.sendRead;
import static dev.rootstock.target.Requests.sendWrite;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.CommandResult;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.initiator.PduSocket;
import dev.rootstock.target.pdu.Bhs;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.NopOut;
import dev.rootstock.target.pdu.ReadyToTransfer;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.pdu.TaskManagementResponse;
import dev.rootstock.target.wire.Digest;
import dev.rootstock.target.wire.Digests;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Header and data digests (RFC 7143 §7.8, §13.1), and what becomes of damaged ones at recovery
 * level 0; for the others see {@link WriteRecoveryTest}.
 */
class DigestsTest {
  private static final Digests BOTH = new Digests(true, true);

  private final MemoryBlockDevice disk = new MemoryBlockDevice(4 << 20);
  @AutoClose private final TestServer server;

  DigestsTest() throws IOException {
    server = TestServer.of(disk);
  }

  private Initiator login(String header, String data) throws IOException {
    return server.login(TestServer.options().with("HeaderDigest", header).with("DataDigest", data));
  }

  /** §13.1: the initiator's list is in its order of preference. */
  @ParameterizedTest(name = "{0} and {1}")
  @CsvSource(
      delimiter = ';',
      value = {
        "None;None;None;None",
        "CRC32C;None;CRC32C;None",
        "None;CRC32C;None;CRC32C",
        "CRC32C;CRC32C;CRC32C;CRC32C",
        "None,CRC32C;CRC32C,None;None;CRC32C",
        "X-com.example.sum,CRC32C;CRC32C,X-com.example.sum,None;CRC32C;CRC32C",
      })
  void theAgreedDigestsAreInEveryPdu(
      String offeredHeader, String offeredData, String header, String data) throws Exception {
    Initiator initiator = login(offeredHeader, offeredData);
    assertEquals(header, initiator.agreed().get("HeaderDigest"));
    assertEquals(data, initiator.agreed().get("DataDigest"));
    byte[] bytes = new byte[1 << 20];
    new Random(2).nextBytes(bytes);
    assertTrue(initiator.writeBlocks(0, 5, bytes).good());
    assertArrayEquals(bytes, initiator.readBlocks(0, 5, 2048).data());
    // 7 bytes need padding, and sense data are the data of a response.
    assertEquals(7, initiator.ping(new byte[7]).length);
    assertEquals("05/20/00", initiator.read(0, new byte[] {(byte) 0xFF}, 0).senseCode());
    assertEquals(1, initiator.sendTargets("").size());
    assertEquals(0, initiator.logout());
  }

  /** §11.2.3: also where segments are no whole blocks, and a device that answers later appends. */
  @ParameterizedTest
  @ValueSource(strings = {"1001", "4096"})
  void dataFromASlowDeviceHaveDigests(String segment) throws Exception {
    SlowDevice slow = new SlowDevice(disk);
    slow.holdNothing();
    try (TestServer slowly = TestServer.of(slow)) {
      Initiator initiator =
          slowly.login(
              TestServer.options()
                  .with("HeaderDigest", "CRC32C")
                  .with("DataDigest", "CRC32C")
                  .with("MaxRecvDataSegmentLength", segment));
      byte[] bytes = new byte[40960];
      new Random(3).nextBytes(bytes);
      assertTrue(initiator.writeBlocks(0, 0, bytes).good());
      assertArrayEquals(bytes, initiator.readBlocks(0, 0, 80).data());
    }
  }

  /** §7.8: a header that cannot be trusted ends the connection. */
  @Test
  void aDamagedHeaderEndsTheConnection() throws Exception {
    Initiator initiator = login("CRC32C", "CRC32C");
    NopOut ping =
        new NopOut(
            true,
            0,
            1,
            Tag.NONE,
            initiator.cmdSn(),
            initiator.expStatSn(),
            Unpooled.wrappedBuffer(new byte[20]));
    byte[] bytes = PduSocket.bytes(ping, BOTH);
    bytes[30] ^= 1;
    initiator.socket().sendBytes(bytes);
    assertTrue(initiator.socket().atEnd());
  }

  /** §7.1.5: at level 1 it costs the connection and its tasks, and the session goes on. */
  @Test
  void atRecoveryLevel1ADamagedHeaderCostsTheConnectionAndItsTasks() throws Exception {
    SlowDevice slow = new SlowDevice(disk);
    try (TestServer slowly = TestServer.of(slow)) {
      Initiator one =
          slowly.login(
              TestServer.options()
                  .with("HeaderDigest", "CRC32C")
                  .with("MaxConnections", "2")
                  .with("ErrorRecoveryLevel", "1"));
      Initiator two = slowly.join(one, 1);
      ScsiCommand read = sendRead(two, 0, 8);
      slow.awaitHeld(1);
      byte[] damaged = PduSocket.bytes(read, new Digests(true, false));
      damaged[50] ^= 1;
      two.socket().sendBytes(damaged);
      assertTrue(two.socket().atEnd());
      slow.holdNothing();
      slow.letAll();
      assertEquals("06/47/7f", one.readBlocks(0, 0, 1).senseCode());
      assertTrue(one.readBlocks(0, 0, 1).good());
    }
  }

  /** §7.8, §7.14: at level 2 it costs the connection, and what it carried goes on elsewhere. */
  @Test
  void atRecoveryLevel2ADamagedHeaderCostsTheConnectionOnly() throws Exception {
    SlowDevice slow = new SlowDevice(disk);
    try (TestServer slowly = TestServer.of(slow)) {
      Initiator initiator =
          slowly.login(
              TestServer.options()
                  .with("HeaderDigest", "CRC32C")
                  .with("ErrorRecoveryLevel", "2")
                  .with("DefaultTime2Wait", "0")
                  .with("DefaultTime2Retain", "20"));
      byte[] bytes = new byte[4096];
      new Random(4).nextBytes(bytes);
      disk.fill(0, bytes);
      ScsiCommand read = sendRead(initiator, 0, 8);
      slow.awaitHeld(1);
      byte[] damaged = PduSocket.bytes(read, new Digests(true, false));
      damaged[50] ^= 1;
      initiator.socket().sendBytes(damaged);
      assertTrue(initiator.socket().atEnd());
      Initiator again = slowly.join(initiator, initiator.cid());
      assertEquals(TaskManagementResponse.COMPLETE, again.reassign(read.itt(), 0));
      slow.letOne();
      assertArrayEquals(bytes, again.await(read.itt(), new byte[0]).data());
    }
  }

  /** §7.8: a request is rejected and counts as not received; sent again it does its work. */
  @Test
  void aCommandWithDamagedImmediateDataMayBeSentAgain() throws Exception {
    Initiator initiator = login("CRC32C", "CRC32C");
    byte[] data = new byte[1024];
    Arrays.fill(data, (byte) 7);
    ScsiCommand write = Requests.write(initiator, 0, data);
    initiator.socket().sendBytes(damaged(write));
    assertRejected(initiator, write);
    initiator.socket().send(write);
    assertTrue(initiator.await(write.itt(), data).good());
    assertArrayEquals(data, initiator.readBlocks(0, 0, 2).data());
  }

  /** §7.8 b: without a recovery R2T the task ends, after all of its data have come. */
  @ParameterizedTest(name = "PDU {0} of 3")
  @ValueSource(ints = {0, 1, 2})
  void damagedDataEndTheirTaskAtRecoveryLevel0(int which) throws Exception {
    Initiator initiator = login("None", "CRC32C");
    byte[] data = new byte[3072];
    ScsiCommand write = sendWrite(initiator, 0, 6);
    ReadyToTransfer r2t = r2t(initiator);
    Arrays.fill(data, (byte) 9);
    answerWithDamage(initiator, r2t, data, which);
    CommandResult result = initiator.await(write.itt(), data);
    assertEquals("0b/47/05", result.senseCode());
    assertArrayEquals(new byte[3072], initiator.readBlocks(0, 0, 6).data());
  }

  /** §7.8 b: they are asked for by a recovery R2T, and by nothing else. */
  @ParameterizedTest(name = "level {0}, PDU {1} of 3")
  @CsvSource({"1, 0", "1, 1", "1, 2", "2, 0", "2, 1", "2, 2"})
  void fromRecoveryLevel1OnDamagedDataAreAskedForAgain(int level, int which) throws Exception {
    Initiator initiator =
        server.login(
            TestServer.options()
                .with("DataDigest", "CRC32C")
                .with("InitialR2T", "Yes")
                .with("ErrorRecoveryLevel", Integer.toString(level)));
    byte[] data = new byte[3072];
    new Random(level).nextBytes(data);
    ScsiCommand write = sendWrite(initiator, 0, 6);
    ReadyToTransfer r2t = r2t(initiator);
    answerWithDamage(initiator, r2t, data, which);
    ReadyToTransfer again = r2t(initiator);
    assertEquals(1024 * which, again.bufferOffset());
    assertEquals(1024, again.desiredLength());
    initiator.answer(again, data);
    assertTrue(initiator.await(write.itt(), data).good());
    assertArrayEquals(data, initiator.readBlocks(0, 0, 6).data());
  }

  /** §7.4.3: a discovery session hears nothing but text and logout responses. */
  @Test
  void damagedDataEndADiscoverySession() throws Exception {
    Initiator initiator =
        server.loginOnly(LoginOptions.discovery(TestServer.INITIATOR).with("DataDigest", "CRC32C"));
    assertEquals(1, initiator.sendTargets("All").size());
    NopOut ping =
        new NopOut(
            true, 0, 1, Tag.NONE, 1, initiator.expStatSn(), Unpooled.wrappedBuffer(new byte[4]));
    byte[] bytes = PduSocket.bytes(ping, new Digests(false, true));
    bytes[bytes.length - 1] ^= 1;
    initiator.socket().sendBytes(bytes);
    assertTrue(initiator.socket().atEnd());
  }

  /** Answers an R2T by three PDUs, one of which does not fit its digest and is rejected. */
  private static void answerWithDamage(
      Initiator initiator, ReadyToTransfer r2t, byte[] data, int which) throws IOException {
    for (int i = 0; i < 3; i++) {
      DataOut out =
          new DataOut(
              i == 2,
              0,
              r2t.itt(),
              r2t.ttt(),
              initiator.expStatSn(),
              i,
              1024 * i,
              Unpooled.wrappedBuffer(data, 1024 * i, 1024));
      byte[] bytes = PduSocket.bytes(out, new Digests(false, true));
      if (i == which) {
        bytes[Bhs.BYTES] ^= 1;
      }
      initiator.socket().sendBytes(bytes);
      if (i == which) {
        assertRejected(initiator, out);
      }
    }
  }

  private static byte[] damaged(InitiatorPdu pdu) {
    byte[] bytes = PduSocket.bytes(pdu, BOTH);
    bytes[Bhs.BYTES + Digest.BYTES] ^= 1;
    return bytes;
  }

  /** §11.17.1, §11.17.4: the reason, and the header of the PDU. */
  private static void assertRejected(Initiator initiator, InitiatorPdu pdu) throws IOException {
    Reject reject = assertInstanceOf(Reject.class, initiator.receive());
    assertEquals(Reject.DATA_DIGEST_ERROR, reject.reason());
    byte[] header = new byte[Bhs.BYTES];
    reject.data().readBytes(header);
    assertArrayEquals(Arrays.copyOf(PduSocket.bytes(pdu), Bhs.BYTES), header);
  }
}
