// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static dev.rootstock.dhcp.MessageType.ACK;
import static dev.rootstock.dhcp.MessageType.DISCOVER;
import static dev.rootstock.dhcp.MessageType.NAK;
import static dev.rootstock.dhcp.MessageType.REQUEST;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.rootstock.boot.dhcp.Decision.Answer;
import dev.rootstock.boot.dhcp.Decision.AnswerWhenBound;
import dev.rootstock.boot.dhcp.Decision.Silence;
import dev.rootstock.boot.net.OnceLog;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpOptions;
import dev.rootstock.dhcp.DhcpPacket;
import java.net.Inet4Address;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/**
 * Several networks, on links of ours and behind relay agents: RFC 2131 §4.3.1, 3011, 3527, 5107.
 */
class SubnetTest {
  private static final String MAC = "52:54:00:77:00:01";
  private static final DhcpSubnet BR0 = link("br0", "10.77.0.1", "10.77.0.100", "10.77.0.199");
  private static final DhcpSubnet BR1 = link("br1", "10.78.0.1", "10.78.0.100", "10.78.0.199");
  private static final DhcpSubnet FAR =
      new DhcpSubnet(
          "br0",
          ip("10.77.0.1"),
          Optional.of(ip("10.88.0.0")),
          16,
          Optional.of(new AddressRange(ip("10.88.1.1"), ip("10.88.1.9"))),
          Optional.of(ip("10.88.0.254")),
          List.of(),
          DhcpOptions.builder().build());

  private final DhcpResponder responder = responder(true);

  private static Inet4Address ip(String text) {
    return Inet4Address.ofLiteral(text);
  }

  private static DhcpSubnet link(String name, String ours, String first, String last) {
    return new DhcpSubnet(
        name,
        ip(ours),
        24,
        Optional.of(new AddressRange(ip(first), ip(last))),
        Optional.empty(),
        List.of());
  }

  private static DhcpResponder responder(boolean pathsBySubnet) {
    FakeClients clients = new FakeClients().add("alpha", MAC, Optional.empty());
    AddressPool pool =
        new AddressPool(
            clients,
            new LeaseTable(() -> 0),
            new ConflictCheck(AddressProbe.NONE, () -> 0),
            () -> 0);
    return new DhcpResponder(
        new SubnetChoice(List.of(BR0, BR1, FAR)),
        clients,
        (client, xid, stage) -> {},
        BootPrograms.NONE,
        pool,
        Optional.empty(),
        pathsBySubnet,
        new OnceLog(LoggerFactory.getLogger("test"), 10, 10, 1, () -> 0),
        () -> 0);
  }

  private Answer answer(Request request, DhcpSubnet arrival) throws Exception {
    return switch (responder.decide(request.packet(), arrival)) {
      case Answer answer -> answer;
      case AnswerWhenBound later -> later.answer();
      case Silence silence -> throw new AssertionError(silence.reason());
    };
  }

  @Test
  void aMachineGetsAnAddressOfTheLinkThatItAsksOn() throws Exception {
    assertEquals(ip("10.78.0.100"), answer(Request.of(DISCOVER, MAC), BR1).packet().yiaddr());
    DhcpPacket moved = answer(Request.of(DISCOVER, MAC).xid(2), BR0).packet();
    assertEquals(ip("10.77.0.100"), moved.yiaddr());
    assertEquals(
        Optional.of(ip("10.77.0.1")), moved.options().get(DhcpOption.SERVER_ID), "and our address");
  }

  /** Networks that know nothing of each other cannot share one address of the target. */
  @ParameterizedTest
  @CsvSource({"true, 10.78.0.1", "false, 10.77.0.1"})
  void theDiskIsAtOurAddressOnItsNetwork(boolean bySubnet, String server) throws Exception {
    Answer offer =
        assertInstanceOf(
            Answer.class,
            responder(bySubnet).decide(Request.of(DISCOVER, MAC).ipxe().packet(), BR1));
    assertEquals(
        Optional.of("iscsi:" + server + "::::iqn.2026-11.dev.rootstock:01234567:alpha"),
        offer.packet().options().get(DhcpOption.ROOT_PATH));
  }

  @Test
  void aNetworkBehindARelayAgentIsServedThroughIt() throws Exception {
    byte[] circuit = {1, 4, 'e', 't', 'h', '0'};
    Answer offer =
        answer(
            Request.of(DISCOVER, MAC).giaddr("10.88.0.254").with(DhcpOption.RELAY_AGENT, circuit),
            BR0);

    assertEquals("10.88.0.254:67", offer.to().getHostAddress() + ":" + offer.port());
    assertEquals(ip("10.88.1.1"), offer.packet().yiaddr());
    assertEquals(Optional.of(ip("10.77.0.1")), offer.packet().options().get(DhcpOption.SERVER_ID));
    assertEquals(
        Optional.of(ip("255.255.0.0")), offer.packet().options().get(DhcpOption.SUBNET_MASK));
    assertEquals(82, List.copyOf(offer.packet().options().codes()).getLast());
  }

  /** RFC 3527 §3: the relay's own address is on another network than its clients. */
  @Test
  void aRelayAgentSaysWhichLinkItMeans() throws Exception {
    byte[] linkSelection = {5, 4, 10, 88, 0, 0};
    Answer offer =
        answer(
            Request.of(DISCOVER, MAC)
                .giaddr("10.78.0.7")
                .with(DhcpOption.RELAY_AGENT, linkSelection),
            BR1);
    assertEquals("10.78.0.7", offer.to().getHostAddress());
    assertEquals(ip("10.88.1.1"), offer.packet().yiaddr());
  }

  /** RFC 3011 §2: before the relay's address, behind its link selection (RFC 3527 §3). */
  @Test
  void aClientSaysWhichSubnetItMeans() throws Exception {
    Request asking =
        Request.of(DISCOVER, MAC)
            .giaddr("10.78.0.7")
            .with(DhcpOption.SUBNET_SELECTION, ip("10.88.0.0"));
    DhcpPacket offer = answer(asking, BR1).packet();
    assertEquals(ip("10.88.1.1"), offer.yiaddr());
    assertEquals(
        Optional.of(ip("10.88.0.0")), offer.options().get(DhcpOption.SUBNET_SELECTION), "echoed");

    byte[] linkSelection = {5, 4, 10, 77, 0, 0};
    assertEquals(
        ip("10.77.0.100"),
        answer(asking.with(DhcpOption.RELAY_AGENT, linkSelection), BR1).packet().yiaddr());
  }

  @Test
  void aSubnetThatIsNotServedGetsNoAnswer() throws Exception {
    assertInstanceOf(
        Silence.class,
        responder.decide(
            Request.of(DISCOVER, MAC).with(DhcpOption.SUBNET_SELECTION, ip("10.99.0.0")).packet(),
            BR0));
  }

  /** RFC 2131 §4.3.2: RENEWING goes by unicast, past the relay agent. */
  @Test
  void aFarClientRenewsPastItsRelayAgent() throws Exception {
    assertEquals(
        ip("10.88.1.1"),
        answer(Request.of(DISCOVER, MAC).giaddr("10.88.0.254"), BR0).packet().yiaddr());
    Answer ack = answer(Request.of(REQUEST, MAC).ciaddr("10.88.1.1"), BR0);

    assertEquals(Optional.of(ACK), ack.packet().messageType());
    assertEquals("10.88.1.1:68", ack.to().getHostAddress() + ":" + ack.port());
  }

  @Test
  void aClientThatWasMovedToAnotherLinkIsRefused() throws Exception {
    answer(Request.of(DISCOVER, MAC), BR0);
    assertEquals(
        Optional.of(NAK),
        answer(Request.of(REQUEST, MAC).ciaddr("10.77.0.100"), BR1).packet().messageType());
  }

  /** RFC 5107 §4: what the relay calls us is us, in its packets. */
  @Test
  void aRelayAgentStandsInForTheServer() throws Exception {
    byte[] override = {11, 4, 10, 88, 0, (byte) 254};
    Request discover =
        Request.of(DISCOVER, MAC).giaddr("10.88.0.254").with(DhcpOption.RELAY_AGENT, override);
    assertEquals(
        Optional.of(ip("10.88.0.254")),
        answer(discover, BR0).packet().options().get(DhcpOption.SERVER_ID));
    Request select =
        Request.of(REQUEST, MAC)
            .giaddr("10.88.0.254")
            .server("10.88.0.254")
            .requested("10.88.1.1")
            .with(DhcpOption.RELAY_AGENT, override);
    assertEquals(Optional.of(ACK), answer(select, BR0).packet().messageType());
    assertInstanceOf(
        Silence.class,
        responder.decide(
            Request.of(REQUEST, MAC).server("10.88.0.254").requested("10.88.1.1").packet(), BR0));
  }
}
