// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.dhcp.RootPath;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * Machines without firmware of the network, whose disk QEMU attaches itself: by iSCSI where the
 * stages of RFC 4173 find it, and as a file when no service runs any more.
 */
class PlainQemuIT {
  private static final String INITIATOR = "iqn.2026-11.dev.rootstock.test:qemu";

  /** Of all that is on, discovery alone says where the disk is. */
  private static final String WITHOUT_DHCP =
      """
      isns:
        enabled: true
      """;

  @Test
  void whatDiscoveryFoundBootsAndWhatWasWrittenBootsWithoutUs() throws Exception {
    try (Lab lab = Lab.open("plain", WITHOUT_DHCP)) {
      lab.service()
          .command("client", "add", "alice", "--initiator", INITIATOR, "--image", Lab.IMAGE);
      RootPath found = found(lab, "iscsi:::::" + Service.target("alice"));
      List<String> first = boot(lab, List.of("-blockdev", disk(found)), "write kept");
      assertTrue(first.contains("ROOTSTOCK boot 1 of nobody"), first::toString);
      assertTrue(first.contains("ROOTSTOCK found nothing"), first::toString);
      assertTrue(first.contains("ROOTSTOCK wrote kept"), first::toString);
      assertTrue(first.contains("ROOTSTOCK off"), first::toString);
      lab.finish();

      String file = "driver=qcow2,node-name=disk,file.driver=file,file.filename=";
      List<String> again = boot(lab, List.of("-blockdev", file + lab.overlay("alice")), "read");
      assertTrue(again.contains("ROOTSTOCK boot 2 of nobody"), again::toString);
      assertTrue(again.stream().anyMatch(l -> l.startsWith("ROOTSTOCK found nobody-boot-1-")));
      assertTrue(again.contains("ROOTSTOCK read kept"), again::toString);
      assertTrue(again.contains("ROOTSTOCK off"), again::toString);
      Tool.run("qemu-img", "check", lab.overlay("alice").toString());
    }
  }

  /** RFC 4173 §6: from a path without a server to the one that both SLP and iSNS find. */
  private static RootPath found(Lab lab, String path) throws Exception {
    List<String> bySlp = discover(lab, path, "--slp", "--interface", PrivateNetwork.BRIDGE);
    assertEquals(bySlp, discover(lab, path, "--isns", PrivateNetwork.ADDRESS));
    assertEquals(1, bySlp.size(), bySlp::toString);
    return RootPath.parse(bySlp.getFirst());
  }

  private static List<String> discover(Lab lab, String path, String... way) throws Exception {
    List<String> command =
        new ArrayList<>(List.of("discover", "--initiator", INITIATOR, "--root-path", path));
    command.addAll(List.of(way));
    return lab.service().command(command.toArray(String[]::new)).lines().toList();
  }

  /** The boot stage (RFC 4173 §7) by libiscsi: nothing here but what the root path says. */
  private static String disk(RootPath path) {
    return "driver=iscsi,node-name=disk,transport=tcp,portal=%s:%d,target=%s,lun=%d"
            .formatted(
                path.server().orElseThrow().text(),
                path.portOrDefault(),
                path.target(),
                path.lun().value())
        + ",initiator-name="
        + INITIATOR;
  }

  /** What a machine says that has this disk and nothing else; it obeys the command, and is off. */
  private static List<String> boot(Lab lab, List<String> disk, String command)
      throws IOException, InterruptedException {
    List<String> qemu = new ArrayList<>(List.of("qemu-system-x86_64"));
    qemu.addAll(List.of("-accel", "tcg,thread=multi", "-m", "512"));
    qemu.addAll(List.of("-nodefaults", "-nographic", "-no-reboot"));
    qemu.addAll(disk);
    qemu.addAll(List.of("-device", "virtio-blk-pci,drive=disk", "-serial", "stdio"));
    PrivateNetwork.Resident machine = lab.network().start(lab.folder(), qemu);
    machine
        .streams()
        .onExit()
        .orTimeout(Machine.BOOT.toSeconds(), TimeUnit.SECONDS)
        .exceptionally(
            late -> {
              machine.kill();
              return null;
            });
    List<String> said = new ArrayList<>();
    try (var lines = machine.streams().inputReader();
        var commands = machine.streams().outputWriter()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        said.add(line.strip());
        if (line.contains("ROOTSTOCK ready")) {
          commands.write(command + "\noff\n");
          commands.flush();
        }
      }
    } finally {
      machine.kill();
    }
    return said;
  }
}
