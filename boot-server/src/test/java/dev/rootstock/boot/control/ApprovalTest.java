// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rootstock.boot.boots.BootAdmission;
import dev.rootstock.boot.clients.MacAddress;
import dev.rootstock.boot.config.ConfigurationFile;
import dev.rootstock.boot.installation.Installation;
import dev.rootstock.boot.pending.DisputedMachines;
import dev.rootstock.boot.pending.PendingMachines;
import dev.rootstock.boot.trail.Trails;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpOptions;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.HardwareAddress;
import dev.rootstock.dhcp.MessageType;
import dev.rootstock.images.store.Progress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A machine that nobody knows is listed, and is a client once it is approved. */
class ApprovalTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CARD = "52:54:00:77:00:09";
  private static final String OTHER = "52:54:00:77:00:0a";

  @TempDir private Path folder;
  private final PendingMachines waiting = new PendingMachines();
  private Installation installation;
  private BootAdmission boots;
  private Workplace workplace;

  @BeforeEach
  void open() throws Exception {
    Path file = folder.resolve("rootstock.yaml");
    Files.writeString(file, "data: data\nunknown-clients: {policy: pending}\n");
    installation = Installation.open(ConfigurationFile.load(file));
    installation.store().createBlank("debian", 1 << 20, Progress.NONE);
    boots =
        BootAdmission.withoutServer(
            installation.registry(), installation.store(), installation.identities());
    workplace =
        new Workplace(
            installation,
            boots,
            Trails.lookAt(folder.resolve("data")),
            waiting,
            new DisputedMachines());
  }

  @AfterEach
  void close() throws Exception {
    boots.close();
    installation.close();
  }

  /** Firmware asks for an address. */
  private void asks(String card) {
    waiting.asked(
        new DhcpPacket(
            false,
            HardwareAddress.ethernet(card),
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
                .put(DhcpOption.VENDOR_CLASS, "PXEClient:Arch:00007:UNDI:003016")
                .build()));
  }

  private static Arguments arguments(String text) throws Exception {
    return new Arguments(JSON.readTree(text));
  }

  private static Arguments approving(String card) throws Exception {
    return arguments(
        """
        {"machine": "%1$s", "macs": ["%1$s"], "initiators": [], "name": "new", "image": "debian",
         "mode": "ephemeral"}
        """
            .formatted(card));
  }

  private String listed() throws Exception {
    JsonNode all = MachineOperations.pending(workplace, arguments("{}"), Progress.NONE);
    return String.join(
        " ",
        StreamSupport.stream(all.get("machines").spliterator(), false)
            .map(each -> each.get("mac").asText() + "/" + each.get("kind").asText())
            .sorted()
            .toList());
  }

  @Test
  void itWaitsUntilItIsApprovedAndIsAClientThen() throws Exception {
    asks(CARD);
    asks(OTHER);
    assertEquals(CARD + "/firmware " + OTHER + "/firmware", listed());
    assertEquals(0, installation.registry().size());

    JsonNode added = MachineOperations.approve(workplace, approving(CARD), Progress.NONE);
    assertEquals("new", added.get("name").asText());
    assertEquals("ephemeral", added.get("mode").asText());
    assertEquals(
        "new",
        installation
            .registry()
            .byMac(MacAddress.parse(CARD))
            .orElseThrow()
            .client()
            .name()
            .value());
    assertEquals(OTHER + "/firmware", listed());
  }

  @Test
  void oneThatCannotBeAddedWaitsOn() throws Exception {
    asks(CARD);
    asks(OTHER);
    MachineOperations.approve(workplace, approving(CARD), Progress.NONE);
    Exception taken =
        assertThrows(
            Exception.class,
            () -> MachineOperations.approve(workplace, approving(OTHER), Progress.NONE));
    assertTrue(String.valueOf(taken.getMessage()).contains("'new'"), taken.toString());
    assertEquals(OTHER + "/firmware", listed());
    assertThrows(
        RefusedException.class,
        () -> MachineOperations.approve(workplace, approving(CARD), Progress.NONE));
  }
}
