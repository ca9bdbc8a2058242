// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static dev.rootstock.target.Requests.assertClosed;
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
import dev.rootstock.target.pdu.LogoutRequest;
import dev.rootstock.target.pdu.LogoutResponse;
import dev.rootstock.target.pdu.NopIn;
import dev.rootstock.target.pdu.NopOut;
import dev.rootstock.target.pdu.Tag;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** How sessions end, how they are asked whether they live, and what waits for their end. */
class SessionEndTest {
  private final MemoryBlockDevice disk = new MemoryBlockDevice(1 << 20);
  private final SlowDevice slow = new SlowDevice(disk);

  @Test
  void aResetEndsTheLease() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      server.login().socket().reset();
      TestServer.get(server.admission().leases().getFirst().ended());
    }
  }

  /** A lease is the right to a disk: it is given back when no operation can reach the disk. */
  @Test
  void aLeaseEndsWhenTheLastOperationHas() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      sendWrite(initiator, 0, new byte[512]);
      slow.awaitHeld(1);
      initiator.socket().reset();
      OpenAdmission.TestLease lease = server.admission().leases().getFirst();
      TestServer.await(
          "the session is closed", () -> server.target().sessions(OpenAdmission.TARGET).isEmpty());
      assertFalse(lease.ended().isDone());
      slow.letOne();
      TestServer.get(lease.ended());
    }
  }

  @Test
  void revokeClosesSessionsUpToItsGenerationAndWaitsForTheirOperations() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator old = server.login();
      server.admission().nextGeneration();
      Initiator next = server.login(TestServer.options().withIsid(new Isid(2)));
      sendWrite(old, 0, new byte[512]);
      slow.awaitHeld(1);
      CompletableFuture<Void> revoked =
          server.target().revoke(OpenAdmission.TARGET, 1, "a new boot").toCompletableFuture();
      assertTrue(old.socket().atEnd());
      assertFalse(revoked.isDone());
      slow.letOne();
      TestServer.get(revoked);
      assertEquals("a new boot", TestServer.get(server.admission().leases().getFirst().ended()));
      assertEquals(0, next.ping(new byte[0]).length);
    }
  }

  @Test
  void revokeOfWhatIsNotThereCompletes() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      TestServer.get(server.target().revoke("iqn.2001-04.com.example:x", 9, "gone"));
      server.login();
      TestServer.get(server.target().revoke(OpenAdmission.TARGET, 0, "older ones"));
      assertEquals(1, server.target().sessions(OpenAdmission.TARGET).size());
    }
  }

  /** A login that waits for the one before it is in the making, and is reached. */
  @Test
  void revokeReachesALoginThatIsNotOver() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator old = server.login();
      sendWrite(old, 0, new byte[512]);
      slow.awaitHeld(1);
      CompletableFuture<IOException> failed = new CompletableFuture<>();
      Thread.ofVirtual()
          .start(
              () ->
                  failed.complete(
                      assertThrows(
                          IOException.class, () -> server.loginOnly(TestServer.options()))));
      assertTrue(old.socket().atEnd());
      CompletableFuture<Void> revoked =
          server.target().revoke(OpenAdmission.TARGET, 1, "all").toCompletableFuture();
      TestServer.get(server.admission().leases().get(1).ended());
      slow.letOne();
      TestServer.get(revoked);
      TestServer.get(failed);
    }
  }

  @Test
  void policyMayCloseASession() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      TargetSession session = TestServer.get(server.admission().leases().getFirst().opened());
      assertEquals(TestServer.INITIATOR, session.initiatorName());
      TestServer.get(session.close("enough"));
      assertTrue(initiator.socket().atEnd());
    }
  }

  /** §11.14: pending commands are terminated, then the answer comes, then the end. */
  @Test
  void logoutWaitsForOperationsThenAnswersThenCloses() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      sendWrite(initiator, 0, new byte[512]);
      slow.awaitHeld(1);
      logout(initiator, LogoutRequest.CLOSE_SESSION, 0);
      initiator.socket().timeout(Duration.ofMillis(100));
      assertThrows(SocketTimeoutException.class, initiator::receive);
      slow.letOne();
      initiator.socket().timeout(Duration.ofSeconds(30));
      assertClosed(initiator.receive());
      assertTrue(initiator.socket().atEnd());
    }
  }

  @Test
  void logoutOfTheConnectionByItsNumber() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      logout(initiator, LogoutRequest.CLOSE_CONNECTION, 9);
      assertEquals(
          LogoutResponse.CID_NOT_FOUND,
          assertInstanceOf(LogoutResponse.class, initiator.receive()).response());
      logout(initiator, LogoutRequest.REMOVE_FOR_RECOVERY, 0);
      assertEquals(
          LogoutResponse.RECOVERY_NOT_SUPPORTED,
          assertInstanceOf(LogoutResponse.class, initiator.receive()).response());
      logout(initiator, LogoutRequest.CLOSE_CONNECTION, 0);
      assertClosed(initiator.receive());
      assertTrue(initiator.socket().atEnd());
    }
  }

  private static void logout(Initiator initiator, int reason, int cid) throws IOException {
    initiator
        .socket()
        .send(
            new LogoutRequest(
                false,
                reason,
                initiator.newTag(),
                cid,
                initiator.takeCmdSn(),
                initiator.expStatSn()));
  }

  /** §11.18, §11.19. */
  @Test
  void aPingIsEchoed() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      byte[] data = new byte[5000];
      data[4999] = 7;
      assertArrayEquals(data, server.login().ping(data));
    }
  }

  /** Firmware cannot answer a NOP-In, and drops the connection when it reads one. */
  @Test
  void aProbeOfOneThatHasNotPingedSendsNothingAndFindsItAlive() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      TargetSession session = TestServer.get(server.admission().leases().getFirst().opened());
      assertEquals(Liveness.ALIVE, TestServer.get(session.probe(Duration.ofSeconds(30))));
      initiator.socket().timeout(Duration.ofMillis(50));
      assertThrows(SocketTimeoutException.class, initiator::receive);
      initiator.socket().timeout(Duration.ofSeconds(30));
      assertTrue(initiator.readBlocks(0, 0, 1).good());
    }
  }

  @Test
  void aProbeOfOneThatHasPingedIsAPing() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      initiator.ping(new byte[0]);
      TargetSession session = TestServer.get(server.admission().leases().getFirst().opened());
      var probe = session.probe(Duration.ofSeconds(30));
      NopIn ping = assertInstanceOf(NopIn.class, initiator.receive());
      assertEquals(Tag.NONE, ping.itt());
      assertTrue(ping.ttt() != Tag.NONE);
      // §11.19.2: it carries the next number without using it up.
      assertEquals(initiator.expStatSn(), ping.statSn());
      initiator
          .socket()
          .send(
              new NopOut(
                  true,
                  ping.lun(),
                  Tag.NONE,
                  ping.ttt(),
                  initiator.cmdSn(),
                  initiator.expStatSn(),
                  Unpooled.EMPTY_BUFFER));
      assertEquals(Liveness.ALIVE, TestServer.get(probe));
    }
  }

  @Test
  void oneThatCanAnswerAndDoesNotIsDead() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      initiator.ping(new byte[0]);
      TargetSession session = TestServer.get(server.admission().leases().getFirst().opened());
      assertEquals(Liveness.DEAD, TestServer.get(session.probe(Duration.ofMillis(300))));
    }
  }

  @Test
  void aClosedSessionIsDead() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      TargetSession session = TestServer.get(server.admission().leases().getFirst().opened());
      initiator.socket().reset();
      TestServer.get(server.admission().leases().getFirst().ended());
      assertEquals(Liveness.DEAD, TestServer.get(session.probe(Duration.ofSeconds(1))));
    }
  }

  @Test
  void aPortThatIsTakenIsNamedInOneLine() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      InetSocketAddress taken = server.address();
      IOException e =
          assertThrows(
              IOException.class,
              () -> IscsiTarget.start(TargetSettings.listeningOn(taken), new OpenAdmission(disk)));
      String message = String.valueOf(e.getMessage());
      assertTrue(message.contains("127.0.0.1:" + taken.getPort()), message);
      assertFalse(message.contains("\n"));
    }
  }

  @Test
  void ipv6IsServedAndNamedInBrackets() throws Exception {
    OpenAdmission admission = new OpenAdmission(disk);
    try (IscsiTarget target =
        IscsiTarget.start(
            TargetSettings.listeningOn(
                new InetSocketAddress(InetAddress.getByAddress(new byte[16]), 0)),
            admission)) {
      byte[] loopback = new byte[16];
      loopback[15] = 1;
      InetSocketAddress portal =
          new InetSocketAddress(
              InetAddress.getByAddress(loopback), target.addresses().getFirst().getPort());
      try (Initiator initiator =
          Initiator.login(
              portal, LoginOptions.discovery(TestServer.INITIATOR), Duration.ofSeconds(30))) {
        assertEquals(
            "[0:0:0:0:0:0:0:1]:" + portal.getPort() + ",1",
            initiator.sendTargets("All").getFirst().addresses().getFirst());
      }
    }
  }
}
