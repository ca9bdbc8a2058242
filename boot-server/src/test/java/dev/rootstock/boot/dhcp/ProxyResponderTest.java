// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static dev.rootstock.dhcp.MessageType.DISCOVER;
import static dev.rootstock.dhcp.MessageType.REQUEST;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.rootstock.boot.dhcp.BootPrograms.Platform;
import dev.rootstock.boot.dhcp.Decision.Answer;
import dev.rootstock.boot.dhcp.Decision.Silence;
import dev.rootstock.boot.net.OnceLog;
import dev.rootstock.dhcp.ClientArchitecture;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.MalformedDhcpException;
import dev.rootstock.dhcp.MessageType;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** PXE 2.1 §2.2: beside a server that gives the addresses. */
class ProxyResponderTest {
  private static final String ALPHA = "52:54:00:77:00:01";
  private static final String STRANGER = "52:54:00:77:ff:ff";
  private static final DhcpSubnet SUBNET =
      new DhcpSubnet(
          "br0",
          Inet4Address.ofLiteral("10.77.0.1"),
          24,
          Optional.empty(),
          Optional.empty(),
          List.of());

  private final List<String> discovered = new ArrayList<>();
  private final ProxyResponder responder =
      new ProxyResponder(
          new FakeClients().add("alpha", ALPHA, Optional.empty()),
          (client, xid, stage) -> discovered.add(client + " " + xid + " " + stage),
          new BootPrograms(
              Map.of(Platform.UEFI_X64, "snponly.efi"), true, OptionalInt.of(8080), true),
          new OnceLog(LoggerFactory.getLogger("test"), 10, 10, 1, () -> 0),
          () -> 0);

  private Decision broadcast(Request request) throws MalformedDhcpException {
    return responder.decide(
        request.packet(), SUBNET, new Responder.Way(67, DhcpPacket.NO_ADDRESS, 68));
  }

  private Decision unicast(Request request, String from) throws MalformedDhcpException {
    return responder.decide(
        request.packet(),
        SUBNET,
        new Responder.Way(ProxyResponder.PORT, InetAddress.ofLiteral(from), 1068));
  }

  @Test
  void firmwareGetsItsProgramAndNoAddress() throws Exception {
    Answer answer = (Answer) broadcast(Request.of(DISCOVER, ALPHA).pxe());
    assertEquals("snponly.efi", answer.packet().bootFile());
    assertEquals(DhcpPacket.NO_ADDRESS, answer.packet().yiaddr());
    assertEquals("255.255.255.255", answer.to().getHostAddress());
    assertEquals(List.of("alpha 4660 FIRMWARE"), discovered);
  }

  @Test
  void ipxeGetsTheUrlOfItsScript() throws Exception {
    Answer answer = (Answer) broadcast(Request.of(DISCOVER, ALPHA).ipxe());
    assertEquals("http://10.77.0.1:8080/script/alpha", answer.packet().bootFile());
  }

  @Test
  void whoAsksOnThePortOfProxiesIsAnsweredThere() throws Exception {
    Answer answer =
        (Answer) unicast(Request.of(REQUEST, ALPHA).pxe().ciaddr("10.77.0.50"), "10.77.0.50");
    assertEquals(Optional.of(MessageType.ACK), answer.packet().messageType());
    assertEquals("10.77.0.50", answer.to().getHostAddress());
    assertEquals(1068, answer.port());
  }

  /** Else anybody could have answers sent to somebody else. */
  @Test
  void whoAsksInAnothersNameIsNotAnswered() throws Exception {
    assertInstanceOf(
        Silence.class,
        unicast(Request.of(REQUEST, ALPHA).pxe().ciaddr("10.77.0.50"), "10.77.0.51"));
  }

  @Test
  void whatTheOtherServerHasToAnswerIsLeftToIt() throws Exception {
    assertInstanceOf(Silence.class, broadcast(Request.of(DISCOVER, ALPHA).linux()));
    assertInstanceOf(Silence.class, broadcast(Request.of(REQUEST, ALPHA).ipxe()));
    assertInstanceOf(Silence.class, broadcast(Request.of(DISCOVER, STRANGER).ipxe()));
    assertInstanceOf(Silence.class, broadcast(Request.of(DISCOVER, ALPHA).ipxe().reply()));
    assertEquals(List.of(), discovered);
  }

  @Test
  void firmwareThatThereIsNoProgramForHearsNothing() throws Exception {
    assertInstanceOf(
        Silence.class,
        broadcast(
            Request.of(DISCOVER, ALPHA)
                .with(DhcpOption.ARCHITECTURES, List.of(ClientArchitecture.UEFI_ARM64))));
  }

  @Test
  void aRepeatedPacketIsOneDiscover() throws Exception {
    broadcast(Request.of(DISCOVER, ALPHA).ipxe().xid(7));
    broadcast(Request.of(DISCOVER, ALPHA).ipxe().xid(7));
    assertEquals(List.of("alpha 7 IPXE"), discovered);
  }

  @Test
  void oneMachineGetsAnswersAtABoundedRate() throws Exception {
    int answers = 0;
    for (int packet = 0; packet < 100; packet++) {
      answers += broadcast(Request.of(DISCOVER, ALPHA).ipxe()) instanceof Answer ? 1 : 0;
    }
    assertEquals(Limits.CLIENT_BURST, answers);
  }
}
