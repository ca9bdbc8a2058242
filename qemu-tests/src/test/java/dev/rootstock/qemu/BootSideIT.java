// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * The ways to a disk, one boot each, chosen so that each kind of firmware, of loading and of DHCP
 * server stands in one of them at least. No boot is tried twice: one that fails leaves its serial
 * log and its capture in {@code build/it}.
 */
class BootSideIT {
  private static final String RANGE = "10.77.0.50-10.77.0.60";
  private static final String HTTP =
      "http: { listen: [\"%s:8080\"] }\n".formatted(PrivateNetwork.ADDRESS);

  /** The distribution's iPXE, fetched and unpacked, never installed. */
  private static Path ipxe() throws IOException, InterruptedException {
    Path tree = Checkout.scratch("it").resolve("packages-ipxe");
    DebianPackages.inUserCache().unpack(Set.of("ipxe"), name -> false, tree);
    return tree.resolve("usr/lib/ipxe");
  }

  /** What else is to be seen while a machine runs. */
  private interface Look {
    void at() throws Exception;
  }

  private static void boots(Machine machine) throws Exception {
    boots(machine, () -> {});
  }

  private static void boots(Machine machine, Look look) throws Exception {
    machine.powerOn();
    machine.log().await("^ROOTSTOCK boot 1 of " + machine.name() + "$", Machine.BOOT);
    machine.awaitReady();
    machine.write("something");
    assertEquals("something", machine.read());
    look.at();
    machine.shutDown();
  }

  @Test
  void uefiWithoutIpxeLoadsItByTftp() throws Exception {
    String tftp = "tftp: { enabled: true, root: %s }\n".formatted(ipxe());
    try (Lab lab = Lab.open("chain-tftp", Service.OWN_DHCP + tftp)) {
      Capture capture = Capture.start(lab.network(), lab.folder(), "boot");
      boots(lab.client("chain", "persistent", Firmware.UEFI_WITHOUT_IPXE));
      capture.stop();
      assertEquals(List.of(), capture.wrongPackets());
      assertTrue(capture.values("tftp.opcode == 1", "tftp.source_file").contains("snponly.efi"));
      lab.finish();
    }
  }

  /** Firmware and system prove themselves, and the target to them; then the machine says so. */
  @Test
  void uefiHttpBootComesToBothDisksByAScriptAndChap() throws Exception {
    String boot =
        Service.OWN_DHCP
            + "  ipxe: script\n"
            + "tftp: { enabled: true, root: %s }\n".formatted(ipxe())
            + HTTP;
    try (Lab lab = Lab.open("http-boot", boot)) {
      Path second = Files.write(lab.folder().resolve("second.raw"), secondDisk());
      lab.service().command("image", "import", second.toString(), "--name", "second");
      Machine machine = lab.client("web", "ephemeral", Firmware.UEFI_BY_HTTP, "--disk", "second@1");
      lab.service().command("client", "chap", "web", "--generate", "--mutual", "--hand-out");
      Capture capture = Capture.start(lab.network(), lab.folder(), "boot");
      machine.powerOn();
      machine.awaitReady();
      machine.ask("disks", "^ROOTSTOCK disk beside the second disk.$");
      machine.ask("be-ready", "^ROOTSTOCK was heard: noted$");
      String status = lab.service().command("status", "--json");
      assertTrue(status.contains("said so from 10.77.0."), status);
      machine.shutDown();
      capture.stop();

      assertEquals(List.of(), capture.wrongPackets());
      List<String> asked = capture.values("http.request.method == GET", "http.request.uri");
      assertTrue(asked.containsAll(List.of("/boot/snponly.efi", "/script/web")), asked.toString());
      assertEquals(List.of(), capture.values("tftp", "tftp.opcode"));
      List<String> proofs = capture.values("iscsi.opcode == 0x23", "iscsi.keyvalue");
      assertTrue(
          proofs.stream().filter(keys -> keys.contains("CHAP_N=rootstock")).count() >= 3,
          proofs.toString());
      lab.finish();
    }
  }

  /** A disk that says which it is. */
  private static byte[] secondDisk() {
    byte[] disk = new byte[1 << 20];
    byte[] text = "the second disk.".getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(text, 0, disk, 0, text.length);
    return disk;
  }

  @Test
  void uefiWithoutIpxeLoadsItFromAProxyBesideDnsmasq() throws Exception {
    String proxy =
        "dhcp: { mode: proxy, interface: %s, router-advertisements: true }\ntftp: { enabled: true, root: %s }\n"
            .formatted(PrivateNetwork.BRIDGE, ipxe());
    try (Lab lab = Lab.open("proxy-chain", proxy + HTTP)) {
      Capture capture = Capture.start(lab.network(), lab.folder(), "boot");
      try (OtherServer _ = dnsmasq(lab, List.of())) {
        boots(lab.client("far", "persistent", Firmware.UEFI_WITHOUT_IPXE));
      }
      capture.stop();
      assertEquals(List.of(), capture.wrongPackets());
      assertTrue(capture.values("tftp.opcode == 1", "tftp.source_file").contains("snponly.efi"));
      assertEquals(List.of("/script/far"), capture.values("http.request", "http.request.uri"));
      lab.finish();
    }
  }

  @Test
  void biosBootsByAScriptThatAProxyNamesBesideDnsmasq() throws Exception {
    String proxy =
        "dhcp: { mode: proxy, interface: %s, router-advertisements: true }\n"
            .formatted(PrivateNetwork.BRIDGE);
    try (Lab lab = Lab.open("proxy-dnsmasq", proxy + HTTP)) {
      Capture capture = Capture.start(lab.network(), lab.folder(), "boot");
      try (OtherServer _ = dnsmasq(lab, List.of())) {
        boots(lab.client("prox", "persistent", Firmware.BIOS));
      }
      capture.stop();
      assertEquals(List.of(), capture.wrongPackets());
      assertEquals(List.of("/script/prox"), capture.values("http.request", "http.request.uri"));
      lab.finish();
    }
  }

  @Test
  void dnsmasqBootsAMachineByWhatWePrintForIt() throws Exception {
    bootsByAnothersServer(
        "dnsmasq",
        "dnsmasq-dhcp.*DHCP, IP range",
        (servers, folder, file) ->
            servers.command(
                folder,
                "dnsmasq",
                "--no-daemon",
                "--log-facility=-",
                "--port=0",
                "--conf-file=" + file,
                "--dhcp-leasefile=" + folder.resolve("leases")));
  }

  @Test
  void keaBootsAMachineByWhatWePrintForIt() throws Exception {
    bootsByAnothersServer(
        "kea",
        "DHCP4_STARTED",
        (servers, folder, file) -> {
          // What keeps its leases has fixed places in an installed package: here it keeps none.
          String printed = Files.readString(file);
          Files.writeString(file, printed.replace("\"persist\": true", "\"persist\": false"));
          return servers.command(folder, "kea-dhcp4", "-c", file.toString());
        });
  }

  @Test
  void iscDhcpdBootsAMachineByWhatWePrintForIt() throws Exception {
    bootsByAnothersServer(
        "isc",
        "Server starting service",
        (servers, folder, file) -> {
          Path leases = folder.resolve("leases");
          Files.writeString(leases, "");
          return servers.command(
              folder,
              "dhcpd",
              "-f",
              "-d",
              "--no-pid",
              "-cf",
              file.toString(),
              "-lf",
              leases.toString(),
              "farisc");
        });
  }

  private interface Starting {
    List<String> command(ForeignServers servers, Path folder, Path configuration)
        throws IOException;
  }

  /** The firmware has no iPXE: the other server has to name our program, and then our disk. */
  private static void bootsByAnothersServer(String kind, String ready, Starting starting)
      throws Exception {
    ForeignServers servers = ForeignServers.fetched();
    String tftp = "tftp: { enabled: true, root: %s }\n".formatted(ipxe());
    try (Lab lab = Lab.open("gen-" + kind, tftp)) {
      Machine machine = lab.client("gen", "persistent", Firmware.UEFI_WITHOUT_IPXE);
      String printed =
          lab.service().command("dhcp-config", kind, "--interface", "far" + kind, "--range", RANGE);
      Path file = Files.writeString(lab.folder().resolve("printed.conf"), printed);
      Path folder = Files.createDirectories(lab.folder().resolve(kind));
      try (OtherServer _ =
          OtherServer.start(
              lab, kind, "10.77.0.3", ready, starting.command(servers, folder, file))) {
        boots(machine);
      }
      lab.finish();
    }
  }

  /** Gives addresses, and what its further options say. */
  private static OtherServer dnsmasq(Lab lab, List<String> further) throws Exception {
    var command =
        new ArrayList<>(
            List.of(
                "dnsmasq",
                "--no-daemon",
                "--log-facility=-",
                "--log-dhcp",
                "--conf-file=/dev/null",
                "--port=0",
                "--interface=fardns",
                "--dhcp-range=10.77.0.50,10.77.0.60,255.255.255.0,1h",
                "--dhcp-leasefile=" + lab.folder().resolve("dnsmasq.leases")));
    command.addAll(further);
    return OtherServer.start(lab, "dns", "10.77.0.3", "dnsmasq-dhcp.*DHCP, IP range", command);
  }
}
