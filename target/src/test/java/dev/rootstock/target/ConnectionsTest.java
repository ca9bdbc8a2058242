// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static dev.rootstock.target.Requests.assertClosed;
import static dev.rootstock.target.Requests.assertRejected;
import static dev.rootstock.target.Requests.r2t;
import static dev.rootstock.target.Requests.sendClose;
import static dev.rootstock.target.Requests.sendWrite;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.TargetSession.Liveness;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.initiator.LoginRefusedException;
import dev.rootstock.target.pdu.LogoutRequest;
import dev.rootstock.target.pdu.LogoutResponse;
import dev.rootstock.target.pdu.ReadyToTransfer;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Sessions of several connections (RFC 7143 §4.2.2, §4.2.5.1, §6.3.1, §6.3.4, §7.14, §11.14). */
class ConnectionsTest {
  private static final LoginOptions SEVERAL = TestServer.options().with("MaxConnections", "4");
  private static final String CLEARED_BY_PROTOCOL = "06/47/7f";

  private final MemoryBlockDevice disk = new MemoryBlockDevice(1 << 20);
  private final SlowDevice slow = new SlowDevice(disk);

  private static ScsiCommand write(Initiator initiator, int lba, byte fill) {
    byte[] block = new byte[512];
    Arrays.fill(block, fill);
    return Requests.write(initiator, lba, block);
  }

  private static ScsiCommand read(Initiator initiator, int lba, int blocks) {
    return Requests.read(initiator, lba, blocks);
  }

  /** §13.2: the smaller number. */
  @Test
  void asManyConnectionsAsWasAgreedOn() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator first = server.login(TestServer.options().with("MaxConnections", "65535"));
      assertEquals(
          Integer.toString(Limits.SESSION_CONNECTIONS), first.agreed().get("MaxConnections"));
      for (int cid = 1; cid < Limits.SESSION_CONNECTIONS; cid++) {
        assertEquals(first.tsih(), server.join(first, cid).tsih());
      }
      assertRefused(LoginStatus.TOO_MANY_CONNECTIONS, () -> server.join(first, 99));
      assertEquals(1, server.target().sessions(OpenAdmission.TARGET).size());
      assertEquals(1, server.admission().leases().size());
    }
  }

  /** §13.2: one, where nothing else was agreed on; §11.13.5: too many. */
  @Test
  void oneConnectionUnlessMoreWereAgreedOn() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator first = server.login();
      assertRefused(LoginStatus.TOO_MANY_CONNECTIONS, () -> server.join(first, 1));
      assertTrue(first.readBlocks(0, 0, 1).good());
    }
  }

  private static void assertRefused(LoginStatus status, Executable login) {
    assertEquals(status.code(), assertThrows(LoginRefusedException.class, login).status());
  }

  /** §6.3.1: a TSIH is one's own together with the name, the ISID and the target. */
  @Test
  void nobodyElseJoins() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator first = server.login(SEVERAL);
      Initiator stranger =
          server.login(
              LoginOptions.normal("iqn.2001-04.com.example:stranger", OpenAdmission.TARGET)
                  .with("MaxConnections", "4"));
      Initiator another = server.login(SEVERAL.withIsid(new Isid(9)));
      // The identity of one with the TSIH of another.
      another.logout();
      assertRefused(LoginStatus.SESSION_DOES_NOT_EXIST, () -> server.join(another, 1));
      stranger.logout();
      assertRefused(LoginStatus.SESSION_DOES_NOT_EXIST, () -> server.join(stranger, 1));
      assertRefused(
          LoginStatus.SESSION_DOES_NOT_EXIST,
          () -> Initiator.login(server.connect(), SEVERAL.withIsid(new Isid(9)), first.tsih(), 1));
      assertRefused(
          LoginStatus.SESSION_DOES_NOT_EXIST,
          () ->
              Initiator.login(
                  server.connect(),
                  LoginOptions.normal("iqn.2001-04.com.example:stranger", OpenAdmission.TARGET),
                  first.tsih(),
                  1));
      assertTrue(first.readBlocks(0, 0, 1).good());
    }
  }

  /** §11.13.5: policy may have changed its mind, or know the address that this one comes from. */
  @Test
  void policyIsAskedForEachConnection() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator first = server.login(SEVERAL);
      server.admission().refuse(LoginStatus.AUTHORIZATION_FAILURE, "not from there");
      assertRefused(LoginStatus.AUTHORIZATION_FAILURE, () -> server.join(first, 1));
      assertFalse(server.admission().requests().getLast().reinstatement());
      assertTrue(first.readBlocks(0, 0, 1).good());
    }
  }

  /** §4.2.2.1: in the order of CmdSN, whatever connection they come on. */
  @Test
  void commandsRunInTheOrderOfTheirNumbers() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login(SEVERAL);
      Initiator two = server.join(one, 1);
      Initiator three = server.join(one, 2);
      ScsiCommand first = write(one, 7, (byte) 1);
      ScsiCommand second = write(two, 7, (byte) 2);
      ScsiCommand third = read(three, 7, 1);
      three.socket().send(third);
      // Its answer to an immediate command says that the read has come and waits.
      three.ping(new byte[0]);
      two.socket().send(second);
      two.ping(new byte[0]);
      one.socket().send(first);
      assertTrue(one.await(first.itt(), new byte[0]).good());
      assertTrue(two.await(second.itt(), new byte[0]).good());
      byte[] latest = new byte[512];
      Arrays.fill(latest, (byte) 2);
      assertArrayEquals(latest, three.await(third.itt(), new byte[0]).data());
    }
  }

  /** §4.2.5.1: R2T, data and status belong to the connection of their command. */
  @Test
  void dataOnAnotherConnectionThanTheirCommandsAreRejected() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login(SEVERAL);
      Initiator two = server.join(one, 1);
      ScsiCommand write = sendWrite(one, 0, 1);
      ReadyToTransfer r2t = r2t(one);
      two.answer(r2t, new byte[512]);
      assertRejected(Reject.INVALID_PDU_FIELD, two.receive());
      one.answer(r2t, new byte[512]);
      assertTrue(one.await(write.itt(), new byte[0]).good());
    }
  }

  /** §4.2.2.2: a counter for each connection. */
  @Test
  void statusIsNumberedForEachConnection() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login(SEVERAL);
      Initiator two = server.join(one, 1);
      for (int i = 0; i < 5; i++) {
        assertTrue(one.readBlocks(0, 0, 1).good());
      }
      int expected = two.expStatSn();
      ScsiCommand read = read(two, 0, 1);
      two.socket().send(read);
      assertEquals(expected, two.receive().statSn());
    }
  }

  /** §4.2.2.1: the window belongs to the session: all connections' commands together fill it. */
  @Test
  void theWindowIsTheSessions() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(SEVERAL);
      Initiator two = server.join(one, 1);
      for (int i = 0; i < Limits.COMMANDS; i++) {
        Initiator which = i % 2 == 0 ? one : two;
        which.socket().send(read(which, i, 1));
      }
      slow.awaitHeld(Limits.COMMANDS);
      two.socket().send(read(two, 0, 1));
      two.ping(new byte[0]);
      assertEquals(Limits.COMMANDS, slow.begun());
      slow.letAll();
      slow.holdNothing();
    }
  }

  /**
   * §4.2.1: one image across all connections, which move to the session's loop with their bytes.
   */
  @Test
  void largeTransfersOnAllConnectionsAtOnce() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login(SEVERAL);
      Initiator[] all = {one, server.join(one, 1), server.join(one, 2), server.join(one, 3)};
      byte[] content = new byte[1 << 20];
      new Random(5).nextBytes(content);
      for (int i = 0; i < 4; i++) {
        byte[] part = Arrays.copyOfRange(content, i << 18, (i + 1) << 18);
        assertTrue(all[i].writeBlocks(0, i * 512L, part).good());
      }
      for (int i = 0; i < 4; i++) {
        assertArrayEquals(
            Arrays.copyOfRange(content, i << 18, (i + 1) << 18),
            all[3 - i].readBlocks(0, i * 512L, 512).data());
      }
    }
  }

  /**
   * §11.14: only what is allegiant to the connection ends, and the initiator is told (§11.14.5).
   */
  @Test
  void logoutOfOneConnectionLeavesTheOthers() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(SEVERAL);
      Initiator two = server.join(one, 1);
      ScsiCommand kept = read(one, 0, 1);
      one.socket().send(kept);
      ScsiCommand ended = read(two, 1, 1);
      two.socket().send(ended);
      slow.awaitHeld(2);
      sendClose(two, 1);
      one.ping(new byte[0]);
      slow.letAll();
      slow.holdNothing();
      assertClosed(two.receive());
      assertTrue(two.socket().atEnd());
      assertTrue(one.await(kept.itt(), new byte[0]).good());
      assertEquals(CLEARED_BY_PROTOCOL, one.readBlocks(0, 0, 1).senseCode());
      assertTrue(one.readBlocks(0, 0, 1).good());
      // Its number is free for another one.
      assertTrue(server.join(one, 1).readBlocks(0, 0, 1).good());
    }
  }

  /** §11.14: through another connection, as when the one meant is dead. */
  @Test
  void aConnectionIsLoggedOutThroughAnother() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login(SEVERAL);
      Initiator two = server.join(one, 1);
      assertEquals(LogoutResponse.CLOSED, one.logout(LogoutRequest.CLOSE_CONNECTION, 1).response());
      assertTrue(two.socket().atEnd());
      assertEquals(
          LogoutResponse.CID_NOT_FOUND, one.logout(LogoutRequest.CLOSE_CONNECTION, 1).response());
      assertTrue(one.readBlocks(0, 0, 1).good());
    }
  }

  /** §11.14: when it is answered, no command of the connection can reach the disk any more. */
  @Test
  void logoutOfAConnectionWaitsForItsOperations() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(SEVERAL);
      Initiator two = server.join(one, 1);
      two.socket().send(read(two, 0, 1));
      slow.awaitHeld(1);
      sendClose(one, 1);
      TestServer.assertSilent(one);
      slow.letOne();
      assertClosed(TestServer.receive(one));
      assertTrue(two.socket().atEnd());
    }
  }

  /** §6.3.5: the session is closed with its last connection. */
  @Test
  void theLastLogoutEndsTheSession() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login(SEVERAL);
      Initiator two = server.join(one, 1);
      one.logout(LogoutRequest.CLOSE_CONNECTION, 0);
      assertTrue(one.socket().atEnd());
      assertTrue(two.readBlocks(0, 0, 1).good());
      two.logout(LogoutRequest.CLOSE_CONNECTION, 1);
      TestServer.get(server.admission().leases().getFirst().ended());
    }
  }

  /** §11.14.1: "close the session" means every connection of it. */
  @Test
  void logoutOfTheSessionClosesAllConnections() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login(SEVERAL);
      Initiator two = server.join(one, 1);
      assertEquals(LogoutResponse.CLOSED, two.logout());
      assertTrue(one.socket().atEnd());
      assertTrue(two.socket().atEnd());
      TestServer.get(server.admission().leases().getFirst().ended());
    }
  }

  /** §11.14: what had not had its turn is dropped, and comes again on another connection. */
  @Test
  void whatALoggedOutConnectionHadSentEarlyIsAHole() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login(SEVERAL);
      Initiator two = server.join(one, 1);
      ScsiCommand first = write(one, 3, (byte) 1);
      ScsiCommand second = write(two, 3, (byte) 2);
      two.socket().send(second);
      two.ping(new byte[0]);
      one.socket()
          .send(
              new LogoutRequest(
                  true,
                  LogoutRequest.CLOSE_CONNECTION,
                  one.newTag(),
                  1,
                  one.cmdSn(),
                  one.expStatSn()));
      assertInstanceOf(LogoutResponse.class, one.receive());
      one.socket().send(first);
      assertTrue(one.await(first.itt(), new byte[0]).good());
      ScsiCommand third = read(one, 3, 1);
      one.socket().send(third);
      byte[] data = new byte[512];
      Arrays.fill(data, (byte) 2);
      one.socket()
          .send(
              new ScsiCommand(
                  false,
                  true,
                  false,
                  true,
                  ScsiCommand.SIMPLE,
                  0,
                  second.itt(),
                  512,
                  second.cmdSn(),
                  one.expStatSn(),
                  second.cdbHigh(),
                  second.cdbLow(),
                  second.ahs(),
                  Unpooled.wrappedBuffer(data)));
      assertTrue(one.await(second.itt(), new byte[0]).good());
      assertArrayEquals(data, one.await(third.itt(), new byte[0]).data());
    }
  }

  /** §6.3.4: below level 2 the tasks of the connection that is replaced are terminated. */
  @Test
  void aLoginWithALivingCidTakesTheConnectionsPlace() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(SEVERAL);
      Initiator two = server.join(one, 1);
      two.socket().send(write(two, 5, (byte) 1));
      slow.awaitHeld(1);
      Thread device =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      // The login waits for what the device has begun.
                      assertTrue(two.socket().atEnd());
                      slow.holdNothing();
                      slow.letAll();
                    } catch (IOException e) {
                      throw new AssertionError(e);
                    }
                  });
      Initiator again = server.join(one, 1);
      device.join();
      assertEquals(CLEARED_BY_PROTOCOL, again.readBlocks(0, 0, 1).senseCode());
      assertTrue(again.readBlocks(0, 0, 1).good());
      assertTrue(one.readBlocks(0, 0, 1).good());
    }
  }

  /** §6.3.4: also where a session has one connection only. */
  @Test
  void theOnlyConnectionIsReinstated() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login();
      Initiator again = server.join(one, 0);
      assertTrue(one.socket().atEnd());
      assertTrue(again.readBlocks(0, 0, 1).good());
      assertEquals(1, server.target().sessions(OpenAdmission.TARGET).size());
      assertEquals(0, server.admission().leases().getFirst().endings().size());
    }
  }

  /** §7.1.5: at level 0 there is the recovery of the session only. */
  @Test
  void atLevelZeroALostConnectionEndsTheSession() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login(SEVERAL);
      Initiator two = server.join(one, 1);
      two.socket().reset();
      TestServer.get(server.admission().leases().getFirst().ended());
      assertTrue(one.socket().atEnd());
    }
  }

  /**
   * §4.2.6: a target may end connections itself; a revocation ends them all, and the lease once.
   */
  @Test
  void revocationClosesAllConnections() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(SEVERAL);
      Initiator two = server.join(one, 1);
      two.socket().send(write(two, 0, (byte) 1));
      slow.awaitHeld(1);
      var revoked =
          server.target().revoke(OpenAdmission.TARGET, 1, "a new boot").toCompletableFuture();
      assertTrue(one.socket().atEnd());
      assertTrue(two.socket().atEnd());
      assertFalse(revoked.isDone());
      slow.letOne();
      TestServer.get(revoked);
    }
  }

  /** §8.3: a session is logged in as long as one of its connections is. */
  @Test
  void oneLivingConnectionMakesTheSessionAlive() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login(SEVERAL);
      Initiator two = server.join(one, 1);
      // It can answer, and does not.
      one.ping(new byte[0]);
      TargetSession session = TestServer.get(server.admission().leases().getFirst().opened());
      assertEquals(Liveness.ALIVE, TestServer.get(session.probe(Duration.ofSeconds(30))));
      assertTrue(two.readBlocks(0, 0, 1).good());
    }
  }
}
