// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static dev.rootstock.target.Requests.sendWrite;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.initiator.LoginRefusedException;
import dev.rootstock.target.initiator.PduSocket;
import dev.rootstock.target.pdu.LoginRequest;
import dev.rootstock.target.text.KeyValues;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Logins over the wire, and what becomes of their leases (RFC 7143 §6.3, §11.13). */
class LoginTest {
  private final MemoryBlockDevice disk = new MemoryBlockDevice(1 << 20);

  /** §6.3.1: names in their normal form, and the ISID. */
  @Test
  void policyIsToldWhoAsksForWhat() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator =
          server.login(
              LoginOptions.normal(
                  "IQN.2001-04.com.example:Host", "iqn.2026-11.DEV.rootstock:test:disk"));
      Admission.LoginRequest request = server.admission().requests().getFirst();
      assertEquals("iqn.2001-04.com.example:host", request.initiatorName());
      assertEquals(OpenAdmission.TARGET, request.targetName());
      assertEquals(new Isid(0x00023D000001L), request.isid());
      assertFalse(request.reinstatement());
      assertEquals(server.address(), request.portal());
      assertTrue(initiator.tsih() != 0);
    }
  }

  /** §11.13.5: what is wrong with a target or a server, policy alone knows. */
  @ParameterizedTest
  @CsvSource({
    "AUTHORIZATION_FAILURE, 0202",
    "NOT_FOUND, 0203",
    "TARGET_REMOVED, 0204",
    "SERVICE_UNAVAILABLE, 0301",
    "OUT_OF_RESOURCES, 0302",
  })
  void policyRefusesWithItsStatus(LoginStatus status, String code) throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      server.admission().refuse(status, "as the test wants");
      LoginRefusedException e = assertThrows(LoginRefusedException.class, () -> server.login());
      assertEquals(code, String.format("%04x", e.status()));
    }
  }

  /** §11.13.5: 0203. */
  @Test
  void anUnknownTargetIsNotFound() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      LoginRefusedException e =
          assertThrows(
              LoginRefusedException.class,
              () ->
                  server.login(
                      LoginOptions.normal(
                          TestServer.INITIATOR, "iqn.2001-04.com.example:nothing")));
      assertEquals(LoginStatus.NOT_FOUND.code(), e.status());
    }
  }

  /** §11.13.5: the connection is closed with every status but success. */
  @Test
  void aRefusalEndsTheConnection() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      server.admission().refuse(LoginStatus.SERVICE_UNAVAILABLE, "later");
      PduSocket socket = server.connect();
      assertThrows(
          LoginRefusedException.class, () -> Initiator.login(socket, TestServer.options()));
      assertTrue(socket.atEnd());
    }
  }

  /** §11.13.5: 0300, our own failure. */
  @Test
  void policyThatFailsIsATargetError() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      server.admission().waitFor(CompletableFuture.failedFuture(new IOException("no registry")));
      LoginRefusedException e = assertThrows(LoginRefusedException.class, () -> server.login());
      assertEquals(LoginStatus.TARGET_ERROR.code(), e.status());
      // No grant came of it, so that no lease has to end.
      server.admission().leases().getFirst().ended("never given");
    }
  }

  /** §11.13.5: 0301, which may be tried again. */
  @Test
  void aDecisionThatTakesLongerThanTheTimeOutIsAnsweredAndItsLeaseEndsOnce() throws Exception {
    try (TestServer server = TestServer.of(Duration.ofMillis(200), disk)) {
      CompletableFuture<Void> decision = new CompletableFuture<>();
      server.admission().waitFor(decision);
      assertEquals(
          LoginStatus.SERVICE_UNAVAILABLE.code(), server.refusal(TestServer.options()).status());
      decision.complete(null);
      TestServer.get(server.admission().leases().getFirst().ended());
    }
  }

  /** §8.1.2, T7: a connection that is lost before its login is over leaves nothing. */
  @Test
  void aLeaseEndsOnceWhenTheConnectionWentWhilePolicyThought() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      CompletableFuture<Void> decision = new CompletableFuture<>();
      server.admission().waitFor(decision);
      PduSocket socket = server.connect();
      socket.send(login());
      TestServer.await("the question", () -> !server.admission().leases().isEmpty());
      socket.reset();
      decision.complete(null);
      TestServer.get(server.admission().leases().getFirst().ended());
    }
  }

  /** §8.1.2, T7: a login times out. */
  @Test
  void aSilentConnectionIsClosedAfterTheTimeOut() throws Exception {
    try (TestServer server = TestServer.of(Duration.ofMillis(200), disk)) {
      assertTrue(server.connect().atEnd());
    }
  }

  /** §6.3: no more than one Login Request is outstanding. */
  @Test
  void aSecondRequestWhileTheFirstIsDecidedEndsTheConnection() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      CompletableFuture<Void> decision = new CompletableFuture<>();
      server.admission().waitFor(decision);
      PduSocket socket = server.connect();
      socket.send(login());
      socket.send(login());
      assertTrue(socket.atEnd());
      decision.complete(null);
      TestServer.get(server.admission().leases().getFirst().ended());
    }
  }

  /** §4.2.4: at once, and without an answer. */
  @Test
  void aConnectionThatBeginsWithAnotherRequestIsClosed() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator scribe = server.login();
      PduSocket socket = server.connect();
      socket.send(scribe.command(0, new byte[6], false, false, 0, Unpooled.EMPTY_BUFFER));
      assertTrue(socket.atEnd());
    }
  }

  /** §6.3.5: the old session is over, its tasks too, before the new one begins. */
  @Test
  void aSessionIsReinstatedWhenItsOperationsHaveEnded() throws Exception {
    SlowDevice slow = new SlowDevice(disk);
    try (TestServer server = TestServer.of(slow)) {
      Initiator old = server.login();
      sendWrite(old, 0, new byte[512]);
      slow.awaitHeld(1);
      CompletableFuture<Initiator> next = loginLater(server);
      assertTrue(old.socket().atEnd());
      OpenAdmission.TestLease first = server.admission().leases().getFirst();
      assertFalse(first.ended().isDone());
      assertThrows(TimeoutException.class, () -> next.get(100, TimeUnit.MILLISECONDS));
      slow.letOne();
      TestServer.get(next);
      assertTrue(first.ended().isDone());
      assertTrue(server.admission().requests().get(1).reinstatement());
      assertEquals(1, server.target().sessions(OpenAdmission.TARGET).size());
    }
  }

  /** §6.3.5: nor does a third one get in while the second still waits for the first. */
  @Test
  void whoReinstatesASessionThatWaitsWaitsWithIt() throws Exception {
    SlowDevice slow = new SlowDevice(disk);
    try (TestServer server = TestServer.of(slow)) {
      Initiator old = server.login();
      sendWrite(old, 0, new byte[512]);
      slow.awaitHeld(1);
      CompletableFuture<Initiator> second = loginLater(server);
      assertTrue(old.socket().atEnd());
      CompletableFuture<Initiator> third = loginLater(server);
      List<OpenAdmission.TestLease> leases = server.admission().leases();
      TestServer.await(
          "the third has taken the second one's place",
          () -> leases.size() == 3 && leases.get(1).ended().isDone());
      assertThrows(TimeoutException.class, () -> third.get(100, TimeUnit.MILLISECONDS));
      slow.letOne();
      TestServer.get(third);
      assertThrows(ExecutionException.class, () -> TestServer.get(second));
      assertEquals(1, server.target().sessions(OpenAdmission.TARGET).size());
    }
  }

  private static CompletableFuture<Initiator> loginLater(TestServer server) {
    CompletableFuture<Initiator> login = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                login.complete(server.loginOnly(TestServer.options()));
              } catch (IOException e) {
                login.completeExceptionally(e);
              }
            });
    return login;
  }

  /** §6.3.1: a new ISID makes a new session. */
  @Test
  void sessionsOfOneInitiatorWithOtherIsidsLiveTogether() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login();
      Initiator two = server.login(TestServer.options().withIsid(new Isid(0x400027230001L)));
      assertTrue(one.readBlocks(0, 0, 1).good());
      assertTrue(two.readBlocks(0, 0, 1).good());
      assertTrue(one.tsih() != two.tsih());
      assertEquals(2, server.target().sessions(OpenAdmission.TARGET).size());
    }
  }

  /** §6.3.5: many at once for one name: one session is left, and every other lease has ended. */
  @Test
  void aRaceOfReinstatementsLeavesOneSession() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        threads.add(
            Thread.ofVirtual()
                .start(
                    () -> {
                      try (PduSocket socket =
                          PduSocket.connect(server.address(), Duration.ofSeconds(30))) {
                        Initiator.login(socket, TestServer.options());
                      } catch (IOException e) {
                        // Its place was taken before its login was over.
                      }
                    }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      Initiator last = server.login();
      assertTrue(last.readBlocks(0, 0, 1).good());
      int leases = server.admission().leases().size();
      for (OpenAdmission.TestLease lease : server.admission().leases().subList(0, leases - 1)) {
        TestServer.get(lease.ended());
      }
      assertEquals(1, server.target().sessions(OpenAdmission.TARGET).size());
    }
  }

  private static LoginRequest login() {
    KeyValues keys =
        KeyValues.of("InitiatorName", TestServer.INITIATOR, "TargetName", OpenAdmission.TARGET);
    return new LoginRequest(
        true, false, 1, 3, 0, 0, 1, 0, 0, 0, 1, 0, Unpooled.wrappedBuffer(keys.encode()));
  }

  /** §11.13.5, §13.8: elsewhere, with an address that has no portal group. */
  @ParameterizedTest
  @CsvSource({"true, 0102", "false, 0101"})
  void aTargetThatIsServedElsewhereRedirects(boolean permanent, String status) throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      InetSocketAddress elsewhere =
          new InetSocketAddress(InetAddress.getByName("2001:db8::7"), 3261);
      server.admission().redirect(elsewhere, permanent);
      LoginRefusedException e =
          assertThrows(LoginRefusedException.class, () -> server.loginOnly(TestServer.options()));
      assertEquals(Integer.parseInt(status, 16), e.status());
      assertEquals("[2001:db8:0:0:0:0:0:7]:3261", e.address());
    }
  }
}
