// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.dhcp.ForeignServer;
import dev.rootstock.qemu.Lab.KnownBy;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * The ways to a disk, one boot each, chosen so that each kind of firmware, of loading and of DHCP
 * server stands in one of them at least; {@code docs/boots.md} has the list. No boot is tried
 * twice: one that fails leaves its serial log and its capture in {@code build/it}.
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

  /** Imports a disk that says which it is; machines get it as {@code second@1}. */
  private static void importSecondDisk(Lab lab) throws Exception {
    byte[] disk = new byte[1 << 20];
    byte[] text = "the second disk.".getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(text, 0, disk, 0, text.length);
    Path file = Files.write(lab.folder().resolve("second.raw"), disk);
    lab.service().command("image", "import", file.toString(), "--name", "second");
  }

  private static void seesItsSecondDisk(Machine machine) throws Exception {
    machine.ask("disks", "^ROOTSTOCK disk beside the second disk.$");
  }

  /** Firmware, initramfs and system: each had a proof of the target. */
  private static void assertProvedBothWays(Capture capture) throws Exception {
    List<String> proofs = capture.values("iscsi.opcode == 0x23", "iscsi.keyvalue");
    assertTrue(
        proofs.stream().filter(keys -> keys.contains("CHAP_N=rootstock")).count() >= 3,
        proofs.toString());
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

  /** Whatever is plugged in becomes a client, by a rule. */
  private static final String ENROLMENT =
      """
      unknown-clients:
        policy: enrol
        image: %s
        name: "pc{number}"
        mac-prefix: ["52:54:00"]
      """
          .formatted(Lab.IMAGE);

  /** Nobody has told the service of this machine. */
  @Test
  void uefiWithoutIpxeLoadsItByTftp() throws Exception {
    String tftp = "tftp: { enabled: true, root: %s }\n".formatted(ipxe());
    try (Lab lab = Lab.open("chain-tftp", Service.OWN_DHCP + tftp + ENROLMENT)) {
      Capture capture = Capture.start(lab.network(), lab.folder(), "boot");
      Machine machine = lab.stranger("pc1", Firmware.UEFI_WITHOUT_IPXE);
      boots(machine);
      capture.stop();
      String client = lab.service().command("client", "show", "pc1", "--json");
      assertTrue(client.replace(" ", "").contains("\"enrolled\":true"), client);
      assertTrue(client.contains(machine.mac()), client);
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
      importSecondDisk(lab);
      Machine machine = lab.client("web", "ephemeral", Firmware.UEFI_BY_HTTP, "--disk", "second@1");
      lab.service().command("client", "chap", "web", "--generate", "--mutual", "--hand-out");
      Capture capture = Capture.start(lab.network(), lab.folder(), "boot");
      machine.powerOn();
      machine.awaitReady();
      seesItsSecondDisk(machine);
      machine.ask("be-ready", "^ROOTSTOCK was heard: noted$");
      String status = lab.service().command("status", "--json");
      assertTrue(status.contains("said so from 10.77.0."), status);
      machine.shutDown();
      capture.stop();

      assertEquals(List.of(), capture.wrongPackets());
      List<String> asked = capture.values("http.request.method == GET", "http.request.uri");
      assertTrue(asked.containsAll(List.of("/boot/snponly.efi", "/script/web")), asked.toString());
      assertEquals(List.of(), capture.values("tftp", "tftp.opcode"));
      assertProvedBothWays(capture);
      lab.finish();
    }
  }

  /** The secrets come by the script, because the address that fetches it is the client's. */
  @Test
  void uefiWithoutIpxeLoadsItFromAProxyBesideIscDhcpd() throws Exception {
    String proxy =
        "dhcp: { mode: proxy, interface: %s, router-advertisements: true }\ntftp: { enabled: true, root: %s }\n"
            .formatted(PrivateNetwork.BRIDGE, ipxe());
    try (Lab lab = Lab.open("proxy-chain", proxy + HTTP)) {
      Machine machine =
          lab.client("far", "persistent", Firmware.UEFI_WITHOUT_IPXE, "--address", "10.77.0.50");
      lab.service().command("client", "chap", "far", "--generate", "--mutual", "--hand-out");
      Capture capture = Capture.start(lab.network(), lab.folder(), "boot");
      try (OtherServer _ = iscDhcpd(lab, machine)) {
        boots(machine);
      }
      capture.stop();
      assertEquals(List.of(), capture.wrongPackets());
      assertProvedBothWays(capture);
      assertTrue(capture.values("tftp.opcode == 1", "tftp.source_file").contains("snponly.efi"));
      assertEquals(List.of("/script/far"), capture.values("http.request", "http.request.uri"));
      lab.finish();
    }
  }

  /** Nobody is at its menu, so it boots its own image when the menu's time is over. */
  @Test
  void biosBootsByAScriptThatAProxyNamesBesideDnsmasq() throws Exception {
    String proxy =
        "dhcp: { mode: proxy, interface: %s, router-advertisements: true }\n"
            .formatted(PrivateNetwork.BRIDGE);
    try (Lab lab = Lab.open("proxy-dnsmasq", proxy + HTTP)) {
      Capture capture = Capture.start(lab.network(), lab.folder(), "boot");
      try (OtherServer _ = dnsmasq(lab)) {
        importSecondDisk(lab);
        Machine machine =
            lab.client(
                "prox", "ephemeral", Firmware.BIOS, "--disk", "second@1", "--menu", "second@1");
        boots(machine, () -> seesItsSecondDisk(machine));
      }
      capture.stop();
      assertEquals(List.of(), capture.wrongPackets());
      List<String> asked = capture.values("http.request", "http.request.uri");
      assertEquals(2, asked.size(), asked.toString());
      assertEquals("/script/prox", asked.getFirst());
      assertTrue(asked.getLast().matches("/script/prox\\?.*image=" + Lab.IMAGE), asked.getLast());
      lab.finish();
    }
  }

  /** The service's own network, and one that it reaches by a relay agent only. */
  private static final String TWO_NETWORKS =
      """
      dhcp:
        mode: server
        subnets:
          - { interface: %s, range: 10.77.0.100-10.77.0.199 }
          - { network: 10.78.0.0/24, range: 10.78.0.100-10.78.0.199, router: 10.78.0.2 }
      """
          .formatted(PrivateNetwork.BRIDGE);

  /** The machine is known by where it is plugged in. */
  @Test
  void biosBootsThroughARelayAndFindsBothItsDisks() throws Exception {
    try (Lab lab = Lab.open("relay-bios", TWO_NETWORKS)) {
      importSecondDisk(lab);
      Machine machine =
          lab.client("afar", "persistent", Firmware.BIOS, KnownBy.CIRCUIT, "--disk", "second@1");
      Capture capture = Capture.start(lab.network(), lab.folder(), "boot");
      try (Relay relay = Relay.start(lab)) {
        relay.plug(lab, machine);
        boots(machine, () -> seesItsSecondDisk(machine));
      }
      capture.stop();
      assertEquals(List.of(), capture.wrongPackets());
      assertRelayed(capture);
      lab.finish();
    }
  }

  /** TFTP has to answer the other network, and the secrets have to come through the relay. */
  @Test
  void uefiWithoutIpxeLoadsItThroughARelayAndProvesItself() throws Exception {
    String tftp = "tftp: { enabled: true, root: %s }\n".formatted(ipxe());
    try (Lab lab = Lab.open("relay-uefi", TWO_NETWORKS + tftp)) {
      Machine machine = lab.client("chain", "ephemeral", Firmware.UEFI_WITHOUT_IPXE);
      lab.service().command("client", "chap", "chain", "--generate", "--mutual", "--hand-out");
      Capture capture = Capture.start(lab.network(), lab.folder(), "boot");
      try (Relay relay = Relay.start(lab)) {
        relay.plug(lab, machine);
        boots(machine);
      }
      capture.stop();
      assertEquals(List.of(), capture.wrongPackets());
      assertRelayed(capture);
      assertTrue(capture.values("tftp.opcode == 1", "tftp.source_file").contains("snponly.efi"));
      assertProvedBothWays(capture);
      lab.finish();
    }
  }

  /** RFC 3046: what the relay sent is in the answers, and the machine is on the far network. */
  private static void assertRelayed(Capture capture) throws Exception {
    List<String> answered = capture.values("dhcp.option.dhcp == 5", "dhcp.ip.relay");
    assertEquals(Set.of("10.78.0.2"), Set.copyOf(answered));
    assertEquals(
        answered.size(),
        capture.values("dhcp.option.dhcp == 5 and dhcp.option.type == 82", "dhcp.ip.your").size());
    assertTrue(
        capture.values("dhcp.option.dhcp == 5", "dhcp.ip.your").stream()
            .allMatch(address -> address.startsWith("10.78.0.1")));
  }

  @Test
  void dnsmasqBootsAMachineByWhatWePrintForIt() throws Exception {
    bootsByAnothersServer(ForeignServer.DNSMASQ, KnownBy.CARD);
  }

  /** Its system tells no UUID when it asks again, and keeps its address all the same. */
  @Test
  void keaBootsAMachineByWhatWePrintForIt() throws Exception {
    bootsByAnothersServer(ForeignServer.KEA, KnownBy.UUID);
  }

  @Test
  void iscDhcpdBootsAMachineByWhatWePrintForIt() throws Exception {
    bootsByAnothersServer(ForeignServer.ISC, KnownBy.CARD);
  }

  /** The firmware has no iPXE: the other server has to name our program, and then our disk. */
  private static void bootsByAnothersServer(ForeignServer kind, KnownBy knownBy) throws Exception {
    ForeignServers servers = ForeignServers.fetched();
    String name = kind.text();
    String tftp = "tftp: { enabled: true, root: %s }\n".formatted(ipxe());
    try (Lab lab = Lab.open("gen-" + name, tftp)) {
      importSecondDisk(lab);
      Machine machine =
          lab.client(
              "gen", "persistent", Firmware.UEFI_WITHOUT_IPXE, knownBy, "--disk", "second@1");
      String printed =
          lab.service().command("dhcp-config", name, "--interface", "far" + name, "--range", RANGE);
      Path file = Files.writeString(lab.folder().resolve("printed.conf"), printed);
      ForeignServers.Starting starting =
          servers.starting(kind, lab.folder().resolve(name), file, "far" + name);
      try (OtherServer _ =
          OtherServer.start(lab, name, "10.77.0.3", starting.ready(), starting.command())) {
        boots(machine, () -> seesItsSecondDisk(machine));
      }
      lab.finish();
    }
  }

  /** Gives addresses. */
  private static OtherServer dnsmasq(Lab lab) throws Exception {
    List<String> command =
        List.of(
            "dnsmasq",
            "--no-daemon",
            "--log-facility=-",
            "--log-dhcp",
            "--conf-file=/dev/null",
            "--port=0",
            "--interface=fardns",
            "--dhcp-range=10.77.0.50,10.77.0.60,255.255.255.0,1h",
            "--dhcp-leasefile=" + lab.folder().resolve("dnsmasq.leases"));
    return OtherServer.start(lab, "dns", "10.77.0.3", "dnsmasq-dhcp.*DHCP, IP range", command);
  }

  /** Gives addresses, and this machine one of its own. */
  private static OtherServer iscDhcpd(Lab lab, Machine machine) throws Exception {
    Path file =
        Files.writeString(
            lab.folder().resolve("dhcpd.conf"),
            """
            authoritative;
            subnet 10.77.0.0 netmask 255.255.255.0 { range 10.77.0.51 10.77.0.60; }
            host far { hardware ethernet %s; fixed-address 10.77.0.50; }
            """
                .formatted(machine.mac()));
    ForeignServers.Starting starting =
        ForeignServers.fetched()
            .starting(ForeignServer.ISC, lab.folder().resolve("isc"), file, "farisc");
    return OtherServer.start(lab, "isc", "10.77.0.3", starting.ready(), starting.command());
  }
}
