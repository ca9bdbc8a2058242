// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import dev.rootstock.dhcp.BootNetwork;
import dev.rootstock.dhcp.ForeignServer;
import dev.rootstock.dhcp.HardwareAddress;
import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.Lun;
import dev.rootstock.dhcp.RootPath;
import dev.rootstock.dhcp.ServerName;
import java.net.Inet4Address;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What we print for other DHCP servers, checked by those servers themselves. */
class GeneratedConfigurationIT {

  private static final BootNetwork NETWORK =
      new BootNetwork(
          "lo",
          address("10.77.0.0"),
          24,
          Optional.of(new BootNetwork.Range(address("10.77.0.50"), address("10.77.0.60"))),
          Optional.of(address("10.77.0.254")),
          address("10.77.0.1"),
          Optional.of(new BootNetwork.Programs("undionly.kpxe", "snponly.efi")),
          List.of(
              client("alpha", "10.77.0.20", "52:54:00:77:00:01", "52:54:00:77:00:02"),
              client("beta.lab", "10.77.0.21", "52:54:00:77:00:03")));

  private static Inet4Address address(String text) {
    return Inet4Address.ofLiteral(text);
  }

  private static BootNetwork.Client client(String name, String address, String... macs) {
    IscsiName target = new IscsiName("iqn.2026-11.dev.rootstock:01234567:" + name);
    return new BootNetwork.Client(
        name,
        List.of(macs).stream().map(HardwareAddress::ethernet).toList(),
        Optional.of(address(address)),
        RootPath.of(new ServerName("10.77.0.1"), 3260, Lun.ZERO, target),
        new IscsiName(target.value() + ":initiator"));
  }

  private static void accepts(ForeignServer kind, String program, String... check)
      throws Exception {
    Path folder = Checkout.scratch("it").resolve("accepts-" + kind.text());
    Files.createDirectories(folder);
    Path file = Files.writeString(folder.resolve("printed.conf"), kind.configuration(NETWORK));
    var arguments = new ArrayList<>(List.of(check));
    arguments.set(arguments.size() - 1, arguments.getLast() + file);
    Tool.run(
        folder,
        Map.of(),
        ForeignServers.fetched().command(folder, program, arguments.toArray(String[]::new)));
  }

  @Test
  void dnsmasqAcceptsIt() throws Exception {
    accepts(ForeignServer.DNSMASQ, "dnsmasq", "--test", "--conf-file=");
  }

  @Test
  void keaAcceptsIt() throws Exception {
    accepts(ForeignServer.KEA, "kea-dhcp4", "-t", "");
  }

  @Test
  void iscDhcpdAcceptsIt() throws Exception {
    accepts(ForeignServer.ISC, "dhcpd", "-t", "-cf", "");
  }
}
