// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.rootstock.boot.dhcp.Decision.Answer;
import dev.rootstock.boot.net.OnceLog;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.IpxeOptions;
import dev.rootstock.dhcp.MessageType;
import java.net.Inet4Address;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** A secret goes to the client's own address, and to no other that its card is written beside. */
class InformedSecretsTest {
  private static final String MAC = "52:54:00:77:00:01";
  private static final Inet4Address HOME = Inet4Address.ofLiteral("10.77.0.10");
  private static final DhcpSubnet SUBNET =
      new DhcpSubnet(
          "br0",
          Inet4Address.ofLiteral("10.77.0.1"),
          24,
          Optional.empty(),
          Optional.empty(),
          List.of());

  private static final DhcpClient CLIENT =
      new DhcpClient(
          "alpha",
          Optional.empty(),
          Optional.of(HOME),
          true,
          Optional.empty(),
          Optional.empty(),
          DhcpClient.HINTS.with(IpxeOptions.PASSWORD, "a-secret-of-alpha"),
          false);

  private final DhcpClients clients =
      new DhcpClients() {
        @Override
        public Recognised recognise(MachineKeys keys) {
          return new Recognised.Known(CLIENT);
        }

        @Override
        public boolean isTaken(Inet4Address address) {
          return address.equals(HOME);
        }

        @Override
        public CompletionStage<?> remember(DhcpClient client, Inet4Address address) {
          return CompletableFuture.completedFuture(null);
        }
      };

  private Optional<IpxeOptions> told(MessageType type, String ciaddr) throws Exception {
    return told(Request.of(type, MAC).ciaddr(ciaddr));
  }

  private DhcpResponder responder() {
    return new DhcpResponder(
        List.of(SUBNET),
        clients,
        (client, xid, stage) -> {},
        BootPrograms.NONE,
        new OnceLog(LoggerFactory.getLogger("informed-secrets-test"), 16, 16, 1, () -> 0),
        () -> 0);
  }

  private Optional<IpxeOptions> told(Request request) throws Exception {
    Answer answer =
        assertInstanceOf(Answer.class, responder().decide(request.ipxe().packet(), SUBNET));
    return answer.packet().options().get(DhcpOption.IPXE);
  }

  @Test
  void theClientIsToldItsSecret() throws Exception {
    assertEquals(Optional.of(CLIENT.ipxe()), told(MessageType.DISCOVER, "0.0.0.0"));
    assertEquals(Optional.of(CLIENT.ipxe()), told(MessageType.INFORM, HOME.getHostAddress()));
  }

  /** What a log line may hold of an answer is its text. */
  @Test
  void theTextOfAnAnswerHoldsNoSecret() throws Exception {
    DhcpPacket answer =
        assertInstanceOf(
                Answer.class,
                responder().decide(Request.of(MessageType.DISCOVER, MAC).ipxe().packet(), SUBNET))
            .packet();
    String hex = HexFormat.of().formatHex("a-secret-of-alpha".getBytes(StandardCharsets.US_ASCII));
    assertEquals(Optional.of(CLIENT.ipxe()), answer.options().get(DhcpOption.IPXE));
    for (Object each : List.of(CLIENT, CLIENT.ipxe(), answer, answer.options())) {
      String text = each.toString();
      assertFalse(text.contains("a-secret") || text.contains(hex), text);
    }
  }

  @Test
  void aRelayAgentOnItsNetworkIsTold() throws Exception {
    assertEquals(
        Optional.of(CLIENT.ipxe()),
        told(Request.of(MessageType.DISCOVER, MAC).giaddr("10.77.0.254")));
  }

  /** A link selection may name our network from anywhere; the answer goes to giaddr. */
  @Test
  void aRelayAgentThatIsOnNoNetworkOfOursIsToldNone() throws Exception {
    byte[] linkSelection = {5, 4, 10, 77, 0, 0};
    Request far =
        Request.of(MessageType.DISCOVER, MAC)
            .giaddr("192.0.2.66")
            .with(DhcpOption.RELAY_AGENT, linkSelection);
    assertEquals(Optional.of(DhcpClient.HINTS), told(far));
    Request selecting =
        Request.of(MessageType.DISCOVER, MAC)
            .giaddr("192.0.2.66")
            .with(DhcpOption.SUBNET_SELECTION, Inet4Address.ofLiteral("10.77.0.0"));
    assertEquals(Optional.of(DhcpClient.HINTS), told(selecting));
  }

  @Test
  void anotherAddressIsToldNone() throws Exception {
    assertEquals(Optional.of(DhcpClient.HINTS), told(MessageType.INFORM, "10.77.0.66"));
  }
}
