// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static dev.rootstock.target.Requests.assertRejected;
import static dev.rootstock.target.Requests.sendWrite;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.CommandResult;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.PduSocket;
import dev.rootstock.target.pdu.Bhs;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.LoginRequest;
import dev.rootstock.target.pdu.NopOut;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.SnackRequest;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a peer can do to us (promise 4): nothing but lose its own connection, or its session (RFC
 * 7143 §7.7, §7.10, §7.13).
 */
class HostileTest {
  private final MemoryBlockDevice disk = new MemoryBlockDevice(1 << 20);
  @AutoClose private final TestServer server;
  private final Initiator bystander;

  HostileTest() throws IOException {
    server = TestServer.of(disk);
    bystander = server.login(TestServer.options().withIsid(new Isid(99)));
  }

  /** Whatever happened, others are served, and every buffer comes back. */
  @AfterEach
  void others() throws IOException {
    CommandResult read = bystander.readBlocks(0, 0, 8);
    while (read.senseCode().startsWith("06/")) {
      // A reset by a hostile session is something that bystanders are told of.
      read = bystander.readBlocks(0, 0, 8);
    }
    assertTrue(read.good());
  }

  /** §7.7: a header that is none, as soon as there is a whole one. */
  @ParameterizedTest
  @ValueSource(ints = {48, 49, 200, 5000, 100_000})
  void noiseBeforeTheLoginEndsTheConnection(int length) throws Exception {
    try (PduSocket socket = server.connect()) {
      try {
        socket.sendBytes(noise(length));
      } catch (IOException e) {
        // The target was faster.
      }
      assertTrue(socket.atEnd());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 47})
  void aPartOfAHeaderIsForgottenWithItsConnection(int length) throws Exception {
    try (PduSocket socket = server.connect()) {
      socket.sendBytes(noise(length));
    }
  }

  private static byte[] noise(int length) {
    byte[] noise = new byte[length];
    new Random(length).nextBytes(noise);
    return noise;
  }

  @Test
  void aHeaderThatPromisesTooMuchEndsTheConnectionAtOnce() throws Exception {
    byte[] header = new byte[Bhs.BYTES];
    header[0] = 0x43;
    header[5] = header[6] = header[7] = (byte) 0xFF;
    PduSocket socket = server.connect();
    socket.sendBytes(header);
    assertTrue(socket.atEnd());
  }

  @Test
  void aLoginThatIsCutOffIsForgotten() throws Exception {
    PduSocket socket = server.connect();
    LoginRequest login =
        new LoginRequest(
            true, false, 1, 3, 0, 0, 1, 0, 0, 0, 1, 0, Unpooled.wrappedBuffer(new byte[8000]));
    byte[] bytes = PduSocket.bytes(login);
    socket.sendBytes(Arrays.copyOf(bytes, 4000));
    socket.reset();
  }

  /** RFC 7143 §7.7: a format error ends the session. */
  @ParameterizedTest
  @ValueSource(strings = {"0111", "04c0"})
  void aFormatErrorEndsTheSession(String opcodeAndFlags) throws Exception {
    Initiator initiator = server.login();
    byte[] header = new byte[Bhs.BYTES];
    header[0] = (byte) Integer.parseInt(opcodeAndFlags.substring(0, 2), 16);
    header[1] = (byte) Integer.parseInt(opcodeAndFlags.substring(2), 16);
    initiator.socket().sendBytes(header);
    assertTrue(initiator.socket().atEnd());
  }

  @Test
  void aSegmentBeyondTheDeclaredLengthEndsTheSession() throws Exception {
    Initiator initiator = server.login();
    byte[] header = new byte[Bhs.BYTES];
    header[0] = 0x40;
    header[1] = (byte) 0x80;
    header[5] = 1;
    header[7] = 1;
    initiator.socket().sendBytes(header);
    assertTrue(initiator.socket().atEnd());
  }

  @ParameterizedTest
  @ValueSource(ints = {0x07, 0x0F, 0x1C, 0x1F, 0x20, 0x25, 0x3F})
  void anOpcodeThatIsNotAnInitiatorsIsRejectedWithItsHeader(int opcode) throws Exception {
    Initiator initiator = server.login();
    byte[] header = new byte[Bhs.BYTES];
    header[0] = (byte) opcode;
    header[1] = (byte) 0x80;
    header[40] = 0x55;
    initiator.socket().sendBytes(header);
    Reject reject = assertInstanceOf(Reject.class, initiator.receive());
    assertEquals(Reject.COMMAND_NOT_SUPPORTED, reject.reason());
    assertEquals(Unpooled.wrappedBuffer(header), reject.data());
    assertTrue(initiator.readBlocks(0, 0, 1).good());
  }

  @Test
  void aSnackAtRecoveryLevelZeroIsRejected() throws Exception {
    Initiator initiator = server.login();
    initiator
        .socket()
        .send(new SnackRequest(1, 0, Tag.NONE, Tag.NONE, initiator.expStatSn(), 0, 0));
    assertRejected(Reject.COMMAND_NOT_SUPPORTED, initiator.receive());
  }

  @Test
  void aLoginInTheFullFeaturePhaseIsRejected() throws Exception {
    Initiator initiator = server.login();
    initiator
        .socket()
        .send(new LoginRequest(true, false, 1, 3, 0, 0, 1, 0, 0, 0, 1, 0, Unpooled.EMPTY_BUFFER));
    assertRejected(Reject.PROTOCOL_ERROR, initiator.receive());
  }

  @Test
  void dataForATaskThatIsNotThereAreRejected() throws Exception {
    Initiator initiator = server.login();
    initiator
        .socket()
        .send(new DataOut(true, 0, 4711, 1, 0, 0, 0, Unpooled.wrappedBuffer(new byte[3000])));
    assertRejected(Reject.INVALID_PDU_FIELD, initiator.receive());
  }

  /** §4.2.2.1: "silently ignore". */
  @ParameterizedTest
  @ValueSource(ints = {-1, -1000, Limits.COMMANDS, 100_000, Integer.MIN_VALUE})
  void aCommandOutsideTheWindowIsIgnored(int distance) throws Exception {
    Initiator initiator = server.login();
    ScsiCommand read = Requests.read(initiator, 0, 1);
    initiator.socket().send(numbered(read, read.cmdSn() + distance, read.itt()));
    initiator.socket().send(read);
    assertTrue(initiator.await(read.itt(), new byte[0]).good());
    assertEquals(0, initiator.ping(new byte[0]).length);
  }

  /** §11.17.1, and §7.3: the number does not count as received. */
  @Test
  void aTagThatIsInUseIsRejectedAndItsNumberStaysFree() throws Exception {
    Initiator initiator = server.login();
    ScsiCommand write = sendWrite(initiator, 0, 1);
    initiator.receive(); // the R2T
    ScsiCommand second = Requests.read(initiator, 0, 1);
    initiator.socket().send(numbered(second, second.cmdSn(), write.itt()));
    Reject reject = assertInstanceOf(Reject.class, initiator.receive());
    assertEquals(Reject.TASK_IN_PROGRESS, reject.reason());
    assertEquals(second.cmdSn(), reject.expCmdSn());
    initiator.socket().send(second);
    assertTrue(initiator.await(second.itt(), new byte[0]).good());
  }

  @Test
  void immediateCommandsAreLimited() throws Exception {
    Initiator initiator = server.login();
    int rejected = 0;
    for (int i = 0; i < Limits.IMMEDIATE_COMMANDS + 3; i++) {
      ScsiCommand c = Requests.write(initiator, 0, 1);
      initiator
          .socket()
          .send(
              new ScsiCommand(
                  true,
                  true,
                  false,
                  true,
                  1,
                  0,
                  c.itt(),
                  512,
                  c.cmdSn(),
                  0,
                  c.cdbHigh(),
                  c.cdbLow(),
                  c.ahs(),
                  c.data()));
      if (initiator.receive() instanceof Reject reject) {
        assertEquals(Reject.TOO_MANY_IMMEDIATE, reject.reason());
        rejected++;
      }
    }
    assertEquals(3, rejected);
  }

  /** Held until the hole before them is filled; no more than the window. */
  @Test
  void commandsBehindAHoleAreHeldAndGivenUpWithTheSession() throws Exception {
    Initiator initiator = server.login();
    initiator.takeCmdSn();
    for (int i = 0; i < 3 * Limits.COMMANDS; i++) {
      initiator
          .socket()
          .send(
              initiator.command(
                  0,
                  Initiator.cdb16(0x8A, 0, 16),
                  false,
                  true,
                  8192,
                  Unpooled.wrappedBuffer(new byte[8192])));
    }
    initiator.ping(new byte[0]);
    initiator.socket().reset();
  }

  @Test
  void strangersAreLimitedByAddress() throws Exception {
    List<PduSocket> strangers = new ArrayList<>();
    for (int i = 0; i < Limits.CONNECTIONS_BEFORE_LOGIN_BY_ADDRESS + 3; i++) {
      PduSocket stranger = server.connect();
      stranger.timeout(Duration.ofMillis(1));
      strangers.add(stranger);
    }
    // Which ones are too many depends on the event loops' turns.
    TestServer.await(
        "three are closed", () -> strangers.stream().filter(HostileTest::closed).count() == 3);
    for (PduSocket stranger : strangers) {
      stranger.close();
    }
    TestServer.await(
        "there is a place again",
        () -> {
          try (Initiator late =
              Initiator.login(server.address(), TestServer.options(), Duration.ofSeconds(30))) {
            return late.readBlocks(0, 0, 1).status() >= 0;
          } catch (IOException e) {
            return false;
          }
        });
  }

  private static boolean closed(PduSocket socket) {
    try {
      return socket.atEnd();
    } catch (IOException e) {
      return false; // nothing has come, not even an end
    }
  }

  /** Random PDUs, mostly with numbers that fit, in the full feature phase. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void randomPdusHurtNobodyElse(long seed) throws Exception {
    Random random = new Random(seed);
    for (int session = 0; session < 10; session++) {
      try (Initiator initiator = server.loginOnly(TestServer.options())) {
        Thread.ofVirtual().start(() -> drain(initiator.socket()));
        for (int i = 0; i < 300; i++) {
          initiator.socket().sendBytes(randomPdu(random, initiator));
        }
      } catch (IOException e) {
        // The target has ended the session, as it may.
      }
    }
  }

  private static void drain(PduSocket socket) {
    try {
      while (true) {
        socket.receive();
      }
    } catch (IOException e) {
      // over
    }
  }

  private static byte[] randomPdu(Random random, Initiator initiator) {
    int length = random.nextInt(4) == 0 ? random.nextInt(4000) : 0;
    byte[] pdu = new byte[Bhs.BYTES + Bhs.padded(length)];
    random.nextBytes(pdu);
    int[] opcodes = {0x00, 0x01, 0x01, 0x01, 0x02, 0x04, 0x05, 0x05, 0x10, 0x3F};
    int opcode = opcodes[random.nextInt(opcodes.length)];
    pdu[0] = (byte) (opcode | (random.nextBoolean() ? 0x40 : 0));
    pdu[1] |= (byte) 0x80;
    if (opcode == 0x01) {
      pdu[1] = (byte) ((pdu[1] & 0xF8) | random.nextInt(5));
      byte[] cdbs = {0x00, 0x12, 0x28, 0x2A, 0x41, 0x42, (byte) 0x88, (byte) 0x8A, (byte) 0x93};
      pdu[32] = cdbs[random.nextInt(cdbs.length)];
    }
    if (opcode == 0x04) {
      pdu[1] = (byte) 0x80;
    }
    if (opcode == 0x02 || opcode == 0x10) {
      length = 0;
    }
    if (opcode == 0x02) {
      // All but TARGET COLD RESET, which rightly ends everybody's session.
      pdu[1] = (byte) (0x80 | random.nextInt(7));
    }
    pdu[4] = 0;
    pdu[5] = 0;
    pdu[6] = (byte) (length >>> 8);
    pdu[7] = (byte) length;
    Arrays.fill(pdu, 8, 16, (byte) 0);
    // Few tags and lengths, so that they meet.
    Arrays.fill(pdu, 16, 19, (byte) 0);
    pdu[19] = (byte) random.nextInt(8);
    pdu[20] = 0;
    pdu[21] = (byte) random.nextInt(2);
    ByteBuffer.wrap(pdu).putInt(24, initiator.takeCmdSn() + random.nextInt(3) - 1);
    return Arrays.copyOf(pdu, Bhs.BYTES + Bhs.padded(length));
  }

  private static ScsiCommand numbered(ScsiCommand c, int cmdSn, int itt) {
    return new ScsiCommand(
        c.immediate(),
        c.complete(),
        c.read(),
        c.write(),
        c.attribute(),
        c.lun(),
        itt,
        c.expectedLength(),
        cmdSn,
        c.expStatSn(),
        c.cdbHigh(),
        c.cdbLow(),
        c.ahs(),
        c.data());
  }

  /** §11.18.1: a NOP-Out without a task tag asks for nothing. */
  @Test
  void aNopOutWithoutATagIsNotAnswered() throws Exception {
    Initiator initiator = server.login();
    initiator
        .socket()
        .send(new NopOut(true, 0, Tag.NONE, Tag.NONE, initiator.cmdSn(), 0, Unpooled.EMPTY_BUFFER));
    assertTrue(initiator.readBlocks(0, 0, 1).good());
  }
}
