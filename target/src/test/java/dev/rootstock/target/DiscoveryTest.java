// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.initiator.LoginRefusedException;
import dev.rootstock.target.initiator.PduSocket;
import dev.rootstock.target.pdu.LogoutRequest;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.pdu.TargetPdu;
import dev.rootstock.target.pdu.TextRequest;
import dev.rootstock.target.pdu.TextResponse;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Text in the full feature phase, SendTargets above all (RFC 7143 §6.4, §11.10, Appendix C). */
class DiscoveryTest {
  private static final LoginOptions DISCOVERY = LoginOptions.discovery(TestServer.INITIATOR);

  private final MemoryBlockDevice disk = new MemoryBlockDevice(1 << 20);

  @Test
  void allTargetsAreNamedWithThePortalThatWasReached() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.loginOnly(DISCOVERY);
      String address = "127.0.0.1:" + server.address().getPort() + ",1";
      assertEquals(
          List.of(new Initiator.Found(OpenAdmission.TARGET, List.of(address))),
          initiator.sendTargets("All"));
    }
  }

  /** Appendix C: all portals of the group; a session may have connections through any of them. */
  @Test
  void allPortalsThatCanBeReachedAreNamed() throws Exception {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    OpenAdmission admission = new OpenAdmission(disk);
    TargetSettings settings = TargetSettings.of(List.of(new Portal(any, 9), new Portal(any, 9)));
    try (IscsiTarget target = IscsiTarget.start(settings, admission);
        Initiator discovery =
            Initiator.login(target.addresses().get(1), DISCOVERY, Duration.ofSeconds(30))) {
      assertEquals("9", discovery.agreed().get("TargetPortalGroupTag"));
      assertEquals(
          List.of(
              "127.0.0.1:" + target.addresses().get(1).getPort() + ",9",
              "127.0.0.1:" + target.addresses().get(0).getPort() + ",9"),
          discovery.sendTargets("All").getFirst().addresses());
      try (Initiator one =
              Initiator.login(
                  target.addresses().get(0),
                  TestServer.options().with("MaxConnections", "2"),
                  Duration.ofSeconds(30));
          Initiator two =
              one.join(PduSocket.connect(target.addresses().get(1), Duration.ofSeconds(30)), 1)) {
        // The unit attention of a power-on.
        one.read(0, new byte[6], 0);
        assertTrue(two.readBlocks(0, 0, 1).good());
      }
    }
  }

  @Test
  void oneTargetIsNamedIfItMayBeSeen() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.loginOnly(DISCOVERY);
      assertEquals(1, initiator.sendTargets("IQN.2026-11.dev.rootstock:test:DISK").size());
      assertEquals(0, initiator.sendTargets("iqn.2026-11.dev.rootstock:test:other").size());
    }
  }

  @Test
  void nobodyWhoMaySeeNothingSeesAnything() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      server.admission().targets(List.of());
      assertEquals(List.of(), server.loginOnly(DISCOVERY).sendTargets("All"));
    }
  }

  /** §11.11: a long answer goes on in further responses. */
  @Test
  void manyTargetsTakeManyResponses() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      List<String> names = new ArrayList<>();
      for (int i = 0; i < 500; i++) {
        names.add("iqn.2026-11.dev.rootstock:test:client-" + i);
      }
      server.admission().targets(names);
      Initiator initiator = server.loginOnly(DISCOVERY.with("MaxRecvDataSegmentLength", "512"));
      assertEquals(
          names, initiator.sendTargets("All").stream().map(Initiator.Found::targetName).toList());
    }
  }

  /** Appendix C: a normal session learns of its own target, and All is not for it. */
  @Test
  void aNormalSessionLearnsOfItsOwnTargetOnly() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      server.admission().targets(List.of(OpenAdmission.TARGET, "iqn.2001-04.com.example:other"));
      Initiator initiator = server.login();
      assertEquals(OpenAdmission.TARGET, initiator.sendTargets("").getFirst().targetName());
      assertEquals(0, initiator.sendTargets("iqn.2001-04.com.example:other").size());
      TextResponse all = text(initiator, "SendTargets=All\0");
      assertEquals("SendTargets=Reject\0", all.data().toString(StandardCharsets.UTF_8));
    }
  }

  /** §7.4.3: nothing but Text and Logout is served, and nothing else is answered. */
  @Test
  void aCommandEndsADiscoverySession() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.loginOnly(DISCOVERY);
      initiator
          .socket()
          .send(initiator.command(0, new byte[6], false, false, 0, Unpooled.EMPTY_BUFFER));
      assertTrue(initiator.socket().atEnd());
    }
  }

  /** Sends a text request that is whole. */
  private static void sendText(Initiator initiator, String text) throws IOException {
    initiator
        .socket()
        .send(
            new TextRequest(
                false,
                true,
                false,
                0,
                77,
                Tag.NONE,
                initiator.takeCmdSn(),
                initiator.expStatSn(),
                Unpooled.copiedBuffer(text, StandardCharsets.UTF_8)));
  }

  /** §4.3: SendTargets is its only key; §7.4.3: there is no PDU that could tell so. */
  @ParameterizedTest
  @ValueSource(
      strings = {"MaxRecvDataSegmentLength=512\0", "InitiatorAlias=x\0", "X-com.example.x=1\0"})
  void anotherKeyEndsADiscoverySession(String text) throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.loginOnly(DISCOVERY);
      sendText(initiator, text);
      assertTrue(initiator.socket().atEnd());
    }
  }

  /** §4.3: it is logged out by the reason "close the session" and no other. */
  @ParameterizedTest
  @ValueSource(ints = {LogoutRequest.CLOSE_CONNECTION, LogoutRequest.REMOVE_FOR_RECOVERY, 3})
  void anotherLogoutEndsADiscoverySession(int reason) throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.loginOnly(DISCOVERY);
      initiator
          .socket()
          .send(
              new LogoutRequest(
                  false,
                  reason,
                  77,
                  initiator.cid(),
                  initiator.takeCmdSn(),
                  initiator.expStatSn()));
      assertTrue(initiator.socket().atEnd());
    }
  }

  @Test
  void aDiscoverySessionLogsOut() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.loginOnly(DISCOVERY);
      assertEquals(0, initiator.logout());
      assertTrue(initiator.socket().atEnd());
    }
  }

  /** §7.4.2.1. */
  @Test
  void aDiscoverySessionIsReinstatedByAnother() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator old = server.loginOnly(DISCOVERY);
      Initiator next = server.loginOnly(DISCOVERY);
      assertTrue(old.socket().atEnd());
      assertEquals(1, next.sendTargets("All").size());
    }
  }

  // ---- Discovery sessions that name a target (§7.4.2.2) ----------------------------------------

  private static final LoginOptions NAMED = DISCOVERY.withTarget(OpenAdmission.TARGET);

  @Test
  void aNamedOneIsAnotherThanAnUnnamedOneOfTheSameIsid() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator unnamed = server.loginOnly(DISCOVERY);
      Initiator named = server.loginOnly(NAMED);
      assertEquals(1, unnamed.sendTargets("All").size());
      assertEquals(1, named.sendTargets("All").size());
    }
  }

  @Test
  void aNamedOneIsReinstatedByAnother() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator old = server.loginOnly(NAMED);
      Initiator next = server.loginOnly(NAMED);
      assertTrue(old.socket().atEnd());
      assertEquals(1, next.sendTargets("All").size());
    }
  }

  /** Policy is not told of a reinstatement: no session with a disk ends. */
  @Test
  void aNamedOneIsReinstatedByANormalSession() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator named = server.loginOnly(NAMED);
      Initiator normal = server.login();
      assertTrue(named.socket().atEnd());
      assertFalse(server.admission().requests().getLast().reinstatement());
      assertTrue(normal.readBlocks(0, 0, 1).good());
    }
  }

  /** The rule of ISIDs knows no kinds of session (§4.4.3). */
  @Test
  void aNamedOneReinstatesANormalSession() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator normal = server.login();
      Initiator named = server.loginOnly(NAMED);
      assertTrue(normal.socket().atEnd());
      TestServer.get(server.admission().leases().getFirst().ended());
      assertEquals(1, named.sendTargets("All").size());
    }
  }

  /** So it has to prove what a login to the target has to prove. */
  @Test
  void aNamedOneIsAuthenticatedForItsTarget() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      server.loginOnly(DISCOVERY);
      assertNull(server.admission().authentications().getLast().targetName());
      server.loginOnly(NAMED);
      assertEquals(
          OpenAdmission.TARGET, server.admission().authentications().getLast().targetName());
    }
  }

  @Test
  void aNamedOneIsForThoseWhoCanSeeTheTarget() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator normal = server.login();
      server.admission().targets(List.of("iqn.2001-04.com.example:other"));
      LoginRefusedException e =
          assertThrows(LoginRefusedException.class, () -> server.loginOnly(NAMED));
      assertEquals(LoginStatus.NOT_FOUND.code(), e.status());
      assertTrue(normal.readBlocks(0, 0, 1).good());
    }
  }

  @Test
  void aNamedOneIsNoSessionOfTheTarget() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator named = server.loginOnly(NAMED);
      assertEquals(List.of(), server.target().sessions(OpenAdmission.TARGET));
      TestServer.get(server.target().revoke(OpenAdmission.TARGET, Long.MAX_VALUE, "a new boot"));
      assertEquals(1, named.sendTargets("All").size());
    }
  }

  /** Appendix C: an empty value means the target that the session is logged in to. */
  @Test
  void aNamedOneLearnsOfItsOwnTargetByAnEmptyValue() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      server.admission().targets(List.of("iqn.2001-04.com.example:other", OpenAdmission.TARGET));
      List<Initiator.Found> found = server.loginOnly(NAMED).sendTargets("");
      assertEquals(1, found.size());
      assertEquals(OpenAdmission.TARGET, found.getFirst().targetName());
      assertEquals(List.of(), server.loginOnly(DISCOVERY).sendTargets(""));
    }
  }

  /** §13.12: the initiator may declare another length at any time. */
  @Test
  void aDeclaredSegmentLengthCountsFromThenOn() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      text(initiator, "MaxRecvDataSegmentLength=512\0");
      assertEquals(512, initiator.ping(new byte[2000]).length);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "MaxBurstLength=512\0",
        "SendTargets=All",
        "SendTargets=\0InitiatorAlias=x\0",
        "MaxRecvDataSegmentLength=1\0"
      })
  void aTextThatBreaksTheRulesIsRejected(String text) throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Reject reject =
          assertInstanceOf(Reject.class, send(server.login(), text, true, false, Tag.NONE));
      assertEquals(Reject.PROTOCOL_ERROR, reject.reason());
    }
  }

  /** §7.4.3: nothing but a Text or Logout Response. */
  @Test
  void aTextThatBreaksTheRulesEndsADiscoverySession() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.loginOnly(DISCOVERY);
      sendText(initiator, "SendTargets=All");
      assertTrue(initiator.socket().atEnd());
    }
  }

  @Test
  void anUnknownKeyIsNotUnderstood() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      TextResponse response = text(server.login(), "X-com.example.x=1\0");
      assertEquals(
          "X-com.example.x=NotUnderstood\0", response.data().toString(StandardCharsets.UTF_8));
    }
  }

  @Test
  void aTextMaySpanRequests() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      TextResponse empty =
          assertInstanceOf(TextResponse.class, send(initiator, "SendTar", false, true, Tag.NONE));
      assertEquals(0, empty.data().readableBytes());
      assertTrue(empty.ttt() != Tag.NONE);
      TextResponse answer =
          assertInstanceOf(
              TextResponse.class, send(initiator, "gets=\0", true, false, empty.ttt()));
      assertTrue(answer.complete());
      assertTrue(answer.data().toString(StandardCharsets.UTF_8).startsWith("TargetName=iqn."));
    }
  }

  @Test
  void aTagThatIsNotOursIsRejected() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Reject reject =
          assertInstanceOf(Reject.class, send(server.login(), "SendTargets=\0", true, false, 99));
      assertEquals(Reject.INVALID_PDU_FIELD, reject.reason());
    }
  }

  private static TextResponse text(Initiator initiator, String text) throws Exception {
    return assertInstanceOf(TextResponse.class, send(initiator, text, true, false, Tag.NONE));
  }

  private static TargetPdu send(
      Initiator initiator, String text, boolean complete, boolean more, int ttt) throws Exception {
    initiator
        .socket()
        .send(
            new TextRequest(
                false,
                complete,
                more,
                0,
                77,
                ttt,
                initiator.takeCmdSn(),
                initiator.expStatSn(),
                Unpooled.copiedBuffer(text, StandardCharsets.UTF_8)));
    return initiator.receive();
  }
}
