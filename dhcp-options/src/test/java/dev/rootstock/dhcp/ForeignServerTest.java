// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.net.Inet4Address;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What is printed for other servers, whole; the servers themselves judge it in an IT. */
class ForeignServerTest {

  static BootNetwork network(Optional<BootNetwork.Programs> programs) {
    return new BootNetwork(
        "eth0",
        Golden.ip("10.77.0.0"),
        24,
        Optional.of(new BootNetwork.Range(Golden.ip("10.77.0.50"), Golden.ip("10.77.0.60"))),
        Optional.of(Golden.ip("10.77.0.254")),
        Golden.ip("10.77.0.1"),
        programs,
        List.of(
            client(
                "alpha",
                Optional.of(Golden.ip("10.77.0.20")),
                "52:54:00:77:00:01",
                "52:54:00:77:00:04"),
            client("beta", Optional.empty(), "52:54:00:77:00:02", "52:54:00:77:00:03")));
  }

  private static BootNetwork.Client client(
      String name, Optional<Inet4Address> address, String... macs) {
    IscsiName target = new IscsiName("iqn.2026-11.dev.rootstock:01234567:" + name);
    return new BootNetwork.Client(
        name,
        Arrays.stream(macs).map(HardwareAddress::ethernet).toList(),
        address,
        RootPath.of(new ServerName("10.77.0.1"), 3260, Lun.ZERO, target),
        new IscsiName(target.value() + ":initiator"));
  }

  @ParameterizedTest
  @CsvSource({"DNSMASQ, dnsmasq.conf", "KEA, kea-dhcp4.conf", "ISC, dhcpd.conf"})
  void theWholeConfigurationIsGolden(ForeignServer server, String file) throws Exception {
    assertEquals(
        new String(Golden.bytes("foreign/" + file), StandardCharsets.UTF_8),
        server.configuration(
            network(Optional.of(new BootNetwork.Programs("undionly.kpxe", "snponly.efi")))));
  }

  @ParameterizedTest
  @EnumSource
  void withoutProgramsOfOursNoneIsNamed(ForeignServer server) {
    String text = server.configuration(network(Optional.empty()));
    assertFalse(text.contains("undionly") || text.contains("next-server"), text);
  }

  @Test
  void aNetworkWithoutAnythingIsStillWhole() {
    BootNetwork bare =
        new BootNetwork(
            "eth0",
            Golden.ip("10.77.0.0"),
            30,
            Optional.empty(),
            Optional.empty(),
            Golden.ip("10.77.0.1"),
            Optional.empty(),
            List.of());
    assertEquals("255.255.255.252", bare.netmask());
    for (ForeignServer server : ForeignServer.values()) {
      assertFalse(server.configuration(bare).contains("null"));
    }
  }
}
