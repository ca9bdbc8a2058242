// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.boot.config.Configuration;
import dev.rootstock.boot.config.Configuration.Isns;
import dev.rootstock.boot.config.Configuration.Slp;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpOptions;
import dev.rootstock.dhcp.IsnsServers;
import dev.rootstock.dhcp.SlpDirectoryAgents;
import dev.rootstock.dhcp.SlpScopes;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What DHCP tells of SLP and iSNS. */
class DiscoveryServicesTest {
  private static final Inet4Address OURS = Inet4Address.ofLiteral("10.77.0.1");

  private static DhcpOptions told(Slp slp, Isns isns) {
    Configuration defaults = Configuration.defaults();
    return DiscoveryServices.dhcpOptions(
        new Configuration(
            defaults.data(),
            null,
            defaults.iscsi(),
            defaults.dhcp(),
            defaults.bootFiles(),
            defaults.http(),
            slp,
            isns,
            Configuration.Unknown.IGNORE,
            false),
        "br0",
        OURS);
  }

  @Test
  void nothingIsToldOfWhatIsOff() {
    assertEquals(Set.of(), told(Slp.OFF, Isns.OFF).codes());
  }

  @Test
  void scopesAndTheDirectoryAgentAreTold() throws Exception {
    DhcpOptions options = told(new Slp.Agent(List.of("DEFAULT", "lab"), null, true), Isns.OFF);
    assertEquals(
        Optional.of(new SlpScopes(false, "DEFAULT,lab")), options.get(DhcpOption.SLP_SCOPES));
    assertEquals(
        Optional.of(new SlpDirectoryAgents(false, List.of(OURS))),
        options.get(DhcpOption.SLP_DIRECTORY_AGENTS));
  }

  @Test
  void aServiceAgentOnAnotherInterfaceIsNotTold() {
    assertEquals(Set.of(), told(new Slp.Agent(List.of("DEFAULT"), "br1", true), Isns.OFF).codes());
    assertEquals(
        Set.of(79), told(new Slp.Agent(List.of("DEFAULT"), "br0", false), Isns.OFF).codes());
  }

  @Test
  void isnsIsToldWhereItListensAtItsOwnPort() throws Exception {
    for (InetSocketAddress listen :
        new InetSocketAddress[] {
          new InetSocketAddress("10.77.0.1", 3205), new InetSocketAddress("0.0.0.0", 3205)
        }) {
      assertEquals(
          Optional.of(IsnsServers.of(OURS)),
          told(Slp.OFF, new Isns.Server(listen)).get(DhcpOption.ISNS_SERVERS));
    }
    assertEquals(
        Optional.of(IsnsServers.of(OURS)),
        told(Slp.OFF, new Isns.Server(null)).get(DhcpOption.ISNS_SERVERS));
    assertEquals(
        Set.of(), told(Slp.OFF, new Isns.Server(new InetSocketAddress("10.77.0.1", 3206))).codes());
  }
}
