// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.dhcp.Decision.Silence;
import dev.rootstock.boot.net.OnceLog;
import dev.rootstock.dhcp.BootStage;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.MessageType;
import java.net.Inet4Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** A machine that is two clients at once gets nothing from either kind of server. */
class DisputedMachineTest {
  private static final String MAC = "52:54:00:77:00:01";
  private static final String REASON = "its card is a, its UUID is b";
  private static final DhcpSubnet SUBNET =
      new DhcpSubnet(
          "br0",
          Inet4Address.ofLiteral("10.77.0.1"),
          24,
          Optional.empty(),
          Optional.empty(),
          List.of());

  private final FakeClients clients =
      new FakeClients().add("a", MAC, Optional.of("10.77.0.10")).dispute(MAC, REASON);
  private final List<String> heard = new ArrayList<>();
  private final OnceLog once =
      new OnceLog(LoggerFactory.getLogger("disputed-machine-test"), 16, 16, 1, () -> 0);
  private final DiscoverListener listener =
      new DiscoverListener() {
        @Override
        public void discovered(String client, int xid, BootStage stage) {
          heard.add("client " + client);
        }

        @Override
        public boolean stranger(DhcpPacket packet, DhcpSubnet subnet) {
          heard.add("stranger");
          return false;
        }

        @Override
        public void disputed(DhcpPacket packet, String reason) {
          heard.add(packet.chaddr() + " " + reason);
        }
      };

  @Test
  void aServerIsSilentAndTellsWhy() throws Exception {
    assertSilent(
        new DhcpResponder(List.of(SUBNET), clients, listener, BootPrograms.NONE, once, () -> 0));
  }

  @Test
  void aProxyIsSilentAndTellsWhy() throws Exception {
    BootPrograms scripts = new BootPrograms(Map.of(), false, OptionalInt.of(8080), true);
    assertSilent(new ProxyResponder(clients, listener, scripts, once, () -> 0));
  }

  private void assertSilent(Responder responder) throws Exception {
    Decision decision =
        responder.decide(
            Request.of(MessageType.DISCOVER, MAC).ipxe().packet(),
            SUBNET,
            new Responder.Way(67, DhcpPacket.NO_ADDRESS, 68));
    Silence silence = assertInstanceOf(Silence.class, decision);
    assertTrue(silence.reason().contains(REASON), silence.reason());
    assertEquals(List.of(MAC + " " + REASON), heard);
  }
}
