// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.boots.BootAdmission;
import dev.rootstock.boot.boots.BootPolicy;
import dev.rootstock.boot.clients.BootRecord;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.MacAddress;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.config.Configuration;
import dev.rootstock.boot.installation.Installation;
import dev.rootstock.boot.pending.DisputedMachines;
import dev.rootstock.boot.trail.Step;
import dev.rootstock.boot.trail.Trail;
import dev.rootstock.boot.trail.Trails;
import dev.rootstock.dhcp.BootStage;
import dev.rootstock.dhcp.ClientArchitecture;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpOptions;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.HardwareAddress;
import dev.rootstock.dhcp.MessageType;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is recorded of a machine before it logs in; {@code CommandsTest} has the rest. */
class BootWatchTest {
  private static final String CARD = "52:54:00:77:00:01";
  private static final Inet4Address HOME = Inet4Address.ofLiteral("10.77.0.20");
  private static final Inet4Address SERVER = Inet4Address.ofLiteral("10.77.0.1");

  @TempDir private Path folder;
  private Installation installation;
  private BootAdmission boots;
  private Trails trails;
  private BootWatch watch;

  @BeforeEach
  void open() throws Exception {
    Path data = folder.resolve("data");
    installation = Installation.open(Configuration.defaults().withData(data));
    installation
        .registry()
        .add(
            new Client(
                new ClientName("alpha"),
                List.of(MacAddress.parse(CARD)),
                null,
                List.of(),
                ImageReference.parse("debian"),
                Mode.PERSISTENT,
                HOME,
                OptionalLong.empty()))
        .toCompletableFuture()
        .get(30, TimeUnit.SECONDS);
    boots =
        BootAdmission.start(
            installation.registry(),
            installation.store(),
            installation.identities(),
            new BootPolicy(false, true));
    trails = Trails.open(data);
    watch =
        new BootWatch(
            boots,
            new BootDirectory(
                installation.registry(),
                installation.identities(),
                List.of(new InetSocketAddress(SERVER, 3260))),
            trails,
            new SeenCards(installation.registry(), System::nanoTime),
            Optional.empty(),
            Optional.empty(),
            new DisputedMachines(),
            new ReadyLinks(trails, SERVER));
  }

  @AfterEach
  void close() throws Exception {
    trails.close();
    boots.close();
    installation.close();
  }

  private static DhcpPacket packet(int architecture) {
    return new DhcpPacket(
        false,
        HardwareAddress.ethernet(CARD),
        0,
        7,
        0,
        0,
        DhcpPacket.NO_ADDRESS,
        DhcpPacket.NO_ADDRESS,
        DhcpPacket.NO_ADDRESS,
        DhcpPacket.NO_ADDRESS,
        "",
        "",
        DhcpOptions.builder()
            .put(DhcpOption.MESSAGE_TYPE, MessageType.DISCOVER)
            .put(DhcpOption.ARCHITECTURES, List.of(new ClientArchitecture(architecture)))
            .build());
  }

  private List<String> steps() {
    return trails
        .of("alpha")
        .map(Trail::marks)
        .map(
            marks ->
                marks.entrySet().stream()
                    .map(each -> each.getKey() + ": " + each.getValue().detail())
                    .toList())
        .orElse(List.of());
  }

  @Test
  void theWayToTheScriptIsRecordedWithCardArchitectureAndFile() {
    watch.described("alpha", BootStage.FIRMWARE, packet(7));
    watch.fetched(HOME, "ipxe.efi", 1_048_576);
    watch.described("alpha", BootStage.IPXE, packet(7));
    watch.fetched("alpha", HOME);
    assertEquals(
        List.of(
            Step.FIRMWARE_DHCP + ": " + CARD + ", architecture 7",
            Step.PROGRAM + ": ipxe.efi, 1048576 bytes",
            Step.IPXE_DHCP + ": " + CARD + ", architecture 7",
            Step.SCRIPT + ": "),
        steps());
  }

  /** A server that has just started expects the machines of its boots back. */
  @Test
  void aMachineIsAtWorkWhereItsBootHasItsSessions() throws Exception {
    assertFalse(watch.isAtWork("beta", HOME));
    ClientName beta = new ClientName("beta");
    installation
        .registry()
        .add(
            new Client(
                beta,
                List.of(),
                null,
                List.of(),
                ImageReference.parse("debian"),
                Mode.PERSISTENT,
                null,
                OptionalLong.empty()))
        .thenCompose(
            _ ->
                installation
                    .registry()
                    .update(
                        beta,
                        now ->
                            now.withBoot(
                                new BootRecord(
                                    1,
                                    Mode.PERSISTENT,
                                    ImageReference.parse("debian@1"),
                                    null,
                                    List.of(HOME),
                                    List.of(),
                                    Set.of()))))
        .toCompletableFuture()
        .get(30, TimeUnit.SECONDS);
    assertTrue(watch.isAtWork("beta", HOME));
    assertFalse(watch.isAtWork("beta", SERVER));
  }

  @Test
  void aFileThatNobodyFetchesIsNobodysStep() {
    watch.fetched(Inet4Address.ofLiteral("10.77.0.99"), "ipxe.efi", 1_048_576);
    assertEquals(List.of(), steps());
  }
}
