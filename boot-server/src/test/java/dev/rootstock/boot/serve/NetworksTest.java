// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.config.Configuration.Dhcp;
import dev.rootstock.boot.control.RefusedException;
import dev.rootstock.boot.dhcp.DhcpSubnet;
import java.net.Inet4Address;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The configured networks, held against the one interface that every machine has. */
class NetworksTest {
  private static final Dhcp.Network FAR = new Dhcp.Network(ip("10.88.0.0"), 16);

  private static Inet4Address ip(String text) {
    return Inet4Address.ofLiteral(text);
  }

  private static Dhcp.Subnet subnet(
      @Nullable String name, @Nullable String address, Dhcp.@Nullable Network network) {
    return new Dhcp.Subnet(
        name,
        address == null ? null : ip(address),
        network,
        null,
        null,
        null,
        null,
        Dhcp.Facts.NONE);
  }

  private static List<DhcpSubnet> subnets(Dhcp.Subnet... configured) throws RefusedException {
    Dhcp.Server dhcp =
        new Dhcp.Server(List.of(configured), Duration.ofHours(1), false, false, false, false);
    return Networks.subnets(dhcp, ip("127.0.0.1"));
  }

  @Test
  void aNetworkBehindARelayAgentIsReachedByTheFirstInterface() throws Exception {
    List<DhcpSubnet> found = subnets(subnet(null, null, FAR), subnet("lo", "127.0.0.1", null));

    assertEquals(
        List.of(Optional.empty(), Optional.of(ip("10.88.0.0"))),
        found.stream().map(DhcpSubnet::behindRelay).toList(),
        "our own links first");
    assertEquals(ip("127.0.0.1"), found.getLast().serverAddress());
    assertEquals("lo", found.getLast().interfaceName());
    assertEquals(16, found.getLast().prefixLength());
  }

  @Test
  void aNetworkByAnInterfaceThatIsNotServedIsSaid() {
    RefusedException refused =
        assertThrows(
            RefusedException.class,
            () -> subnets(subnet("lo", null, null), subnet("nosuch0", null, FAR)));
    String message = String.valueOf(refused.getMessage());
    assertTrue(message.contains("add '- interface: nosuch0'"), message);
  }

  @Test
  void anAddressThatTheInterfaceLacksIsSaid() {
    RefusedException refused =
        assertThrows(RefusedException.class, () -> subnets(subnet("lo", "127.9.9.9", null)));
    String message = String.valueOf(refused.getMessage());
    assertTrue(message.contains("interface lo does not have the address 127.9.9.9"), message);
  }
}
