// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.rootstock.boot.dhcp.BootPrograms.Platform;
import dev.rootstock.boot.dhcp.Decision.Answer;
import dev.rootstock.boot.dhcp.Decision.AnswerWhenBound;
import dev.rootstock.boot.dhcp.Decision.Silence;
import dev.rootstock.boot.dhcp.Responder.Way;
import dev.rootstock.boot.net.OnceLog;
import dev.rootstock.dhcp.DhcpCodec;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.HardwareAddress;
import dev.rootstock.dhcp.MalformedDhcpException;
import java.net.Inet4Address;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.slf4j.helpers.NOPLogger;

/**
 * Whatever comes in, what goes out is a packet of one frame that reads back, or nothing. The
 * machine of the packet is a client, then a stranger who is served.
 */
class DhcpResponderFuzzTest {
  private static final int FRAME = 1500;
  private static final Inet4Address SERVER = Inet4Address.ofLiteral("10.77.0.1");
  private static final DhcpSubnet SUBNET =
      new DhcpSubnet(
          "br0",
          SERVER,
          24,
          Optional.of(
              new AddressRange(
                  Inet4Address.ofLiteral("10.77.0.100"), Inet4Address.ofLiteral("10.77.0.199"))),
          Optional.of(Inet4Address.ofLiteral("10.77.0.254")),
          List.of(Inet4Address.ofLiteral("10.77.0.53")));
  private static final BootPrograms PROGRAMS =
      new BootPrograms(
          Map.of(Platform.BIOS, "undionly.kpxe", Platform.UEFI_X64, "snponly.efi"),
          Map.of(),
          true,
          OptionalInt.of(8080),
          false);

  @FuzzTest(maxDuration = "10m")
  void anyDatagramGetsAReplyThatReadsBackOrNone(byte[] bytes) {
    DhcpPacket packet;
    try {
      packet = DhcpCodec.decode(bytes);
    } catch (MalformedDhcpException refused) {
      assertNotNull(refused.getMessage());
      return;
    }
    if (packet.chaddr().type() == HardwareAddress.ETHERNET) {
      ask(
          responder(new FakeClients().add("alpha", packet.chaddr().text(), Optional.empty())),
          packet);
    }
    ask(responder(new FakeClients()), packet);
    ask(
        new ProxyResponder(
            new FakeClients().add("alpha", "52:54:00:77:00:01", Optional.empty()),
            (client, xid, stage) -> {},
            PROGRAMS,
            once(),
            () -> 0),
        packet);
  }

  private static OnceLog once() {
    return new OnceLog(NOPLogger.NOP_LOGGER, 1, 1, 1, () -> 0);
  }

  private static DhcpResponder responder(FakeClients clients) {
    LeaseTable leases = new LeaseTable(() -> 0);
    SubnetChoice choice = new SubnetChoice(List.of(SUBNET));
    AddressPool pool =
        new AddressPool(clients, leases, new ConflictCheck(AddressProbe.NONE, () -> 0), () -> 0);
    StrangerResponder strangers =
        new StrangerResponder(
            choice,
            pool,
            leases,
            lease -> CompletableFuture.completedFuture(null),
            3600,
            once(),
            () -> 0,
            () -> 0);
    return new DhcpResponder(
        choice,
        clients,
        (client, xid, stage) -> {},
        PROGRAMS,
        pool,
        Optional.of(strangers),
        false,
        once(),
        () -> 0);
  }

  /** Twice: what the first one left behind must not trip the second. */
  private static void ask(Responder responder, DhcpPacket packet) {
    for (int i = 0; i < 2; i++) {
      try {
        switch (responder.decide(packet, SUBNET, new Way(67, SERVER, 68))) {
          case Answer answer -> check(packet, answer);
          case AnswerWhenBound later -> check(packet, later.answer());
          case Silence silence -> assertNotNull(silence.reason());
        }
      } catch (MalformedDhcpException refused) {
        assertNotNull(refused.getMessage());
      }
    }
  }

  private static void check(DhcpPacket request, Answer answer) {
    byte[] sent = DhcpCodec.encode(answer.packet());
    assertTrue(sent.length >= 300 && sent.length <= FRAME, "bytes: " + sent.length);
    try {
      DhcpPacket read = DhcpCodec.decode(sent);
      assertTrue(read.reply());
      assertEquals(request.xid(), read.xid());
      assertEquals(request.chaddr(), read.chaddr());
      assertEquals(request.giaddr(), read.giaddr());
      assertEquals(answer.packet().messageType(), read.messageType());
    } catch (MalformedDhcpException e) {
      throw new AssertionError("we sent what cannot be read", e);
    }
  }
}
