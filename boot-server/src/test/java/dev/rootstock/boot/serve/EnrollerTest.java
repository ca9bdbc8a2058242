// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.NamePattern;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.config.EnrolRule;
import dev.rootstock.boot.config.EnrolRule.Network;
import dev.rootstock.boot.dhcp.DhcpSubnet;
import dev.rootstock.boot.pending.Enrolment;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpOptions;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.HardwareAddress;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How unknown machines come to be enrolled: by what they ask, and from where. */
class EnrollerTest {
  private static final String MAC = "52:54:00:77:00:01";
  private static final String PXE = "PXEClient:Arch:00000:UNDI:002001";
  private static final Inet4Address HERE = Inet4Address.ofLiteral("10.77.0.1");
  private static final Inet4Address RELAY = Inet4Address.ofLiteral("10.88.0.254");
  private static final DhcpSubnet SUBNET =
      new DhcpSubnet("br0", HERE, 24, Optional.empty(), Optional.empty(), List.of());

  @TempDir private Path data;
  private Registry registry;

  @BeforeEach
  void open() throws Exception {
    registry = Registry.open(data);
  }

  @AfterEach
  void close() throws Exception {
    registry.close();
  }

  /** Takes whatever comes from a network. */
  private Enroller enroller(String network) {
    return enroller(network, "lab-{mac}");
  }

  private Enroller enroller(String network, String names) {
    EnrolRule rule =
        new EnrolRule(
            ImageReference.parse("debian"),
            null,
            null,
            new NamePattern(names),
            10,
            10,
            1,
            List.of(new Network(Inet4Address.ofLiteral(network), 24)),
            List.of(),
            List.of());
    return new Enroller(new Enrolment(rule, registry, client -> {}, System::nanoTime));
  }

  private static DhcpPacket packet(String vendorClass, Inet4Address relay) {
    return packet(DhcpOptions.builder().put(DhcpOption.VENDOR_CLASS, vendorClass).build(), relay);
  }

  private static DhcpPacket packet(DhcpOptions options, Inet4Address relay) {
    return new DhcpPacket(
        false,
        HardwareAddress.ethernet(MAC),
        0,
        1,
        0,
        0,
        DhcpPacket.NO_ADDRESS,
        DhcpPacket.NO_ADDRESS,
        DhcpPacket.NO_ADDRESS,
        relay,
        "",
        "",
        options);
  }

  private Optional<String> asked(Enroller enroller, DhcpPacket packet) throws Exception {
    return enroller
        .asked(packet, SUBNET)
        .toCompletableFuture()
        .get(30, TimeUnit.SECONDS)
        .map(Registration::client)
        .map(client -> client.name().value());
  }

  @Test
  void aMachineThatBootsOnOurNetworkIsEnrolled() throws Exception {
    assertEquals(
        Optional.of("lab-525400770001"),
        asked(enroller("10.77.0.0"), packet(PXE, DhcpPacket.NO_ADDRESS)));
  }

  @Test
  void anOperatingSystemsOwnDhcpMakesNoClient() throws Exception {
    assertEquals(
        Optional.empty(),
        asked(enroller("10.77.0.0"), packet("Linux ipconfig", DhcpPacket.NO_ADDRESS)));
    assertEquals(0, registry.size());
  }

  @Test
  void aRelayedMachineIsOnItsRelaysNetworkAndNotOnOurs() throws Exception {
    assertEquals(Optional.empty(), asked(enroller("10.77.0.0"), packet(PXE, RELAY)));
    assertTrue(asked(enroller("10.88.0.0"), packet(PXE, RELAY)).isPresent());
  }

  @Test
  void aMachineThatFetchesAScriptIsEnrolledByItsAddress() {
    Enroller enroller = enroller("10.77.0.0");
    Optional<String> mac = Optional.of(MAC);
    assertEquals(
        Optional.empty(),
        enroller.fetches(mac, Optional.empty(), InetAddress.ofLiteral("10.99.0.9")));
    assertEquals(
        Optional.of("lab-525400770001"),
        enroller.fetches(mac, Optional.empty(), InetAddress.ofLiteral("10.77.0.9")));
  }

  /** iPXE fills in what SMBIOS says: zeros, where the board's maker set none, or nothing. */
  @ParameterizedTest
  @ValueSource(strings = {"00000000-0000-0000-0000-000000000000", ""})
  void aMachineWithoutUuidIsEnrolledByItsScriptToo(String uuid) {
    assertEquals(
        Optional.of("lab-525400770001"),
        enroller("10.77.0.0").fetches(Optional.of(MAC), Optional.of(uuid), HERE));
  }

  /** Named after it, the first such board would keep all others out. */
  @ParameterizedTest
  @CsvSource({
    "03000200-0400-0500-0006-000700080009, 0",
    "00020003-0004-0005-0006-000700080009, 0",
    "03000200-0400-0500-0006-00070008000a, 1"
  })
  void noBoardIsNamedAfterTheUuidOfMany(String uuid, int clients) throws Exception {
    DhcpOptions options =
        DhcpOptions.builder()
            .put(DhcpOption.VENDOR_CLASS, PXE)
            .put(DhcpOption.MACHINE_ID, Optional.of(UUID.fromString(uuid)))
            .build();
    Optional<String> name =
        asked(enroller("10.77.0.0", "lab-{uuid}"), packet(options, DhcpPacket.NO_ADDRESS));
    assertEquals(clients, name.stream().count());
    assertEquals(clients, registry.size());
  }

  @Test
  void whatIsNoMachineIsNotEnrolled() {
    Enroller enroller = enroller("10.77.0.0");
    assertEquals(Optional.empty(), enroller.fetches(Optional.empty(), Optional.of("x"), HERE));
    assertEquals(Optional.empty(), enroller.fetches(Optional.of("52:54"), Optional.empty(), HERE));
    assertEquals(
        Optional.empty(),
        enroller.fetches(Optional.of("ff:ff:ff:ff:ff:ff"), Optional.empty(), HERE));
    assertEquals(0, registry.size());
  }
}
