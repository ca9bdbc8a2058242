// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.target.initiator.CommandResult;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reads whose bytes the device lends. */
class LendingTest {
  private static final int BLOCK = 512;
  private static final int MIB = 1 << 20;

  private final byte[] content = new byte[4 * MIB];
  private final LendingDisk disk;

  LendingTest() {
    new Random(11).nextBytes(content);
    disk = new LendingDisk(content, 3 * MIB);
  }

  @ParameterizedTest(name = "segments of {0}, read of {1} at {2}: {3} lent")
  @CsvSource({
    "262144, 262144, 0, 262144",
    "65536, 1048576, 512, 1048576",
    "262144, 32768, 1024, 32768",
    "262144, 32256, 0, 0",
    "16384, 262144, 0, 0",
    // The last segment of the first half is short; behind 3 MiB nothing is lent.
    "262144, 1048576, 2621440, 524288",
    // Of 40,000 bytes 39,936 are whole blocks; the last 10,240 are too few to be lent.
    "40000, 1048576, 0, 1038336",
  })
  void theSameBytesComeLentAndRead(String segment, int length, int offset, long lent)
      throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login(options().with("MaxRecvDataSegmentLength", segment));
      CommandResult read = initiator.readBlocks(0, offset / BLOCK, length / BLOCK);
      assertTrue(read.good());
      assertArrayEquals(Arrays.copyOfRange(content, offset, offset + length), read.data());
      assertEquals(lent, disk.lentBytes.get());
      everythingIsGivenBack();
    }
  }

  /** RFC 7143 §13.1, §7.8: who has to see every byte has to have it. */
  @ParameterizedTest
  @CsvSource({"DataDigest, CRC32C, 0", "HeaderDigest, CRC32C, 262144", "ErrorRecoveryLevel, 1, 0"})
  void whatNeedsTheBytesReadsThem(String key, String value, long lent) throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login(options().with(key, value));
      assertEquals(value, initiator.agreed().get(key));
      CommandResult read = initiator.readBlocks(0, 0, 512);
      assertArrayEquals(Arrays.copyOf(content, 512 * BLOCK), read.data());
      assertEquals(lent, disk.lentBytes.get());
      everythingIsGivenBack();
    }
  }

  /** RFC 7143 §13.1: the digest is right, though nobody has looked at the bytes this time. */
  @ParameterizedTest(name = "HeaderDigest {0}, read of {1} at {2}")
  @CsvSource({"None, 262144, 0", "CRC32C, 262144, 512", "CRC32C, 1048576, 2621440"})
  void whatHasAKnownChecksumIsLentWithADigest(String header, int length, int offset)
      throws Exception {
    disk.knowsChecksums = true;
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator =
          server.login(options().with("DataDigest", "CRC32C").with("HeaderDigest", header));
      CommandResult read = initiator.readBlocks(0, offset / BLOCK, length / BLOCK);
      assertTrue(read.good());
      assertArrayEquals(Arrays.copyOfRange(content, offset, offset + length), read.data());
      assertEquals(Math.min(length, 3 * MIB - offset), disk.lentBytes.get());
      everythingIsGivenBack();
    }
  }

  @Test
  void whatWasOnItsWayIsGivenBackWhenTheConnectionDies() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login(options());
      for (int i = 0; i < 64; i++) {
        initiator
            .socket()
            .send(
                initiator.command(
                    0, Initiator.cdb16(0x88, 0, 2048), true, false, MIB, Unpooled.EMPTY_BUFFER));
      }
      TestServer.await("some are stuck in the connection", () -> disk.out.get() > 0);
      initiator.socket().close();
      everythingIsGivenBack();
    }
  }

  /** Back pressure counts what is lent as it counts what is read. */
  @Test
  void aPeerThatTakesNothingIsLentLittle() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login(options());
      for (int i = 0; i < Limits.COMMANDS; i++) {
        initiator
            .socket()
            .send(
                initiator.command(
                    0, Initiator.cdb16(0x88, 0, 2048), true, false, MIB, Unpooled.EMPTY_BUFFER));
      }
      // An answer to a later login shows that the loop has been through all of them.
      Initiator other = server.login(options().withIsid(new Isid(2)));
      assertTrue(other.readBlocks(0, 0, 1).good());
      assertTrue(
          (long) disk.out.get() * Limits.BURST <= Limits.OUTBOUND_HIGH + 2L * Limits.BURST,
          disk.out + " loans are out");
      initiator.socket().close();
      everythingIsGivenBack();
    }
  }

  private void everythingIsGivenBack() throws InterruptedException {
    TestServer.await("every loan is given back", () -> disk.out.get() == 0);
  }

  private static LoginOptions options() {
    return TestServer.options();
  }
}
