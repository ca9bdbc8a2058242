// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.dhcp.BootNetwork.Mark;
import java.net.Inet4Address;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
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
                List.of(),
                "52:54:00:77:00:01",
                "52:54:00:77:00:04"),
            client(
                "beta",
                Optional.of(Golden.ip("10.77.0.21")),
                List.of(new Mark.Machine(UUID.fromString("00112233-4455-6677-8899-aabbccddeeff"))),
                "52:54:00:77:00:02",
                "52:54:00:77:00:03"),
            client(
                "gamma",
                Optional.of(Golden.ip("10.77.0.55")),
                List.of(new Mark.Machine(UUID.fromString("4c4c4544-0042-3510-8052-b4c04f4d3232")))),
            client(
                "delta",
                Optional.empty(),
                List.of(new Mark.Initiator(new IscsiName("iqn.2026-11.org.example:delta")))),
            client(
                "epsilon",
                Optional.of(Golden.ip("10.77.0.30")),
                List.of(
                    new Mark.Place(Golden.ip("10.77.0.2"), Optional.of("66"), Optional.empty()),
                    new Mark.Place(
                        Golden.ip("10.77.0.2"), Optional.of("6162"), Optional.of("0004ab")),
                    new Mark.Place(Golden.ip("10.99.0.1"), Optional.empty(), Optional.of("00")))),
            client("zeta", Optional.empty(), List.of())));
  }

  private static BootNetwork.Client client(
      String name, Optional<Inet4Address> address, List<Mark> marks, String... macs) {
    IscsiName target = new IscsiName("iqn.2026-11.dev.rootstock:01234567:" + name);
    return new BootNetwork.Client(
        name,
        Arrays.stream(macs).map(HardwareAddress::ethernet).toList(),
        marks,
        address,
        RootPath.of(new ServerName("10.77.0.1"), 3260, Lun.ZERO, target),
        new IscsiName(target.value() + ":initiator"),
        Set.of("beta", "delta", "epsilon").contains(name),
        name.equals("zeta") ? List.of("left out: a reason") : List.of());
  }

  @ParameterizedTest
  @CsvSource({"DNSMASQ, dnsmasq.conf", "KEA, kea-dhcp4.conf", "ISC, dhcpd.conf"})
  void theWholeConfigurationIsGolden(ForeignServer server, String file) throws Exception {
    assertEquals(
        new String(Golden.bytes("foreign/" + file), StandardCharsets.UTF_8),
        server.configuration(
            network(
                Optional.of(
                    new BootNetwork.Programs(
                        "undionly.kpxe",
                        "snponly.efi",
                        Optional.of("arm64.efi"),
                        OptionalInt.of(8080))))));
  }

  /** SMBIOS has the first three fields little-endian since 2.6, and RFC 9562 big-endian. */
  @Test
  void aMachinesUuidIsKnownInBothOrders() {
    assertEquals(
        List.of("004c4c4544004235108052b4c04f4d3232", "0044454c4c420010358052b4c04f4d3232"),
        ForeignServer.machineIds(UUID.fromString("4c4c4544-0042-3510-8052-b4c04f4d3232")));
  }

  @ParameterizedTest
  @CsvSource({
    "'', 50-60",
    "55, '50-54,56-60'",
    "'60,50', 51-59",
    "'50,51,52,53,54,55,56,57,58,59,60', ''",
    "'20,70', 50-60"
  })
  void anAddressOfAClassIsNobodyElses(String taken, String left) {
    List<Inet4Address> addresses =
        Arrays.stream(taken.split(",", -1))
            .filter(each -> !each.isEmpty())
            .map(each -> Golden.ip("10.77.0." + each))
            .toList();
    assertEquals(
        left,
        String.join(
            ",",
            network(Optional.empty()).rangesBeside(addresses).stream()
                .map(each -> last(each.first()) + "-" + last(each.last()))
                .toList()));
  }

  private static int last(Inet4Address address) {
    return address.getAddress()[3];
  }

  @Test
  void addressesOfOtherNetworksAreToldApart() {
    BootNetwork network = network(Optional.empty());
    assertTrue(network.contains(Golden.ip("10.77.0.255")));
    assertFalse(network.contains(Golden.ip("10.77.1.0")));
    assertFalse(network.contains(Golden.ip("138.77.0.1")));
  }

  @ParameterizedTest
  @EnumSource
  void withoutProgramsOfOursNoneIsNamed(ForeignServer server) {
    String text = server.configuration(network(Optional.empty()));
    assertFalse(text.contains("undionly") || text.contains("next-server"), text);
  }

  @ParameterizedTest
  @EnumSource
  void withoutHttpNoUrlIsNamed(ForeignServer server) {
    BootNetwork.Programs byTftp =
        new BootNetwork.Programs("bios", "x64", Optional.empty(), OptionalInt.empty());
    String text = server.configuration(network(Optional.of(byTftp)));
    assertFalse(text.contains("http:") || text.contains("HTTPClient"), text);
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
