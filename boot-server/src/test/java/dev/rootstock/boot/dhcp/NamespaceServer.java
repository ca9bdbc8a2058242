// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.boot.slp.FakeTargets;
import dev.rootstock.boot.slp.SlpAccess;
import dev.rootstock.boot.slp.SlpNetwork;
import dev.rootstock.boot.slp.SlpServer;
import dev.rootstock.boot.slp.SlpSettings;
import dev.rootstock.boot.slp.SlpTarget;
import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.ServerName;
import java.net.Inet4Address;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A program for DhcpNamespaceIT: both servers on their real ports, until standard input ends. With
 * a second argument it serves strangers, keeps their leases in that folder, and looks first.
 */
final class NamespaceServer {
  private NamespaceServer() {}

  public static void main(String[] arguments) throws Exception {
    Inet4Address server = Inet4Address.ofLiteral("10.77.0.1");
    DhcpSubnet subnet =
        new DhcpSubnet(
            arguments[0],
            server,
            24,
            Optional.of(
                new AddressRange(
                    Inet4Address.ofLiteral("10.77.0.100"), Inet4Address.ofLiteral("10.77.0.199"))),
            Optional.of(Inet4Address.ofLiteral("10.77.0.254")),
            List.of());
    FakeClients clients = new FakeClients().add("alpha", "52:54:00:77:00:01", Optional.empty());
    SlpTarget target =
        new SlpTarget(
            new IscsiName("iqn.2026-11.dev.rootstock:01234567:alpha"),
            ServerName.of(server),
            3260,
            1,
            SlpAccess.OPEN);
    try (DhcpServer dhcp =
            DhcpServer.start(
                arguments.length < 2
                    ? new DhcpSetup(List.of(subnet), BootPrograms.NONE, false)
                    : new DhcpSetup(
                        List.of(subnet),
                        BootPrograms.NONE,
                        false,
                        Optional.of(
                            new DhcpSetup.Strangers(Path.of(arguments[1]), Duration.ofMinutes(10))),
                        true,
                        false),
                clients,
                (client, xid, stage) -> {});
        SlpServer _ =
            SlpServer.start(
                new SlpSettings(
                    List.of(new SlpNetwork(arguments[0], server, 24)),
                    List.of("DEFAULT"),
                    false,
                    Optional.empty()),
                FakeTargets.of(List.of(target)),
                Instant.now())) {
      System.out.println("ready");
      while (System.in.read() >= 0) {
        // Whoever started us ends us by closing the pipe.
      }
      System.out.println(dhcp.counters());
    }
  }
}
