// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A client's overlay is a disk of QEMU's own as it stands there, with no service beside it. */
class PlainQemuIT {

  @Test
  void whatAClientWroteBootsWithoutUs() throws Exception {
    try (Lab lab = Lab.open("plain")) {
      Machine alice = lab.client("alice", "persistent", Firmware.BIOS);
      alice.powerOn();
      alice.awaitReady();
      alice.write("kept");
      alice.shutDown();
      lab.finish();

      List<String> said = boot(lab.overlay("alice"));
      assertTrue(said.contains("ROOTSTOCK boot 2 of nobody"), said::toString);
      assertTrue(said.stream().anyMatch(l -> l.startsWith("ROOTSTOCK found alice-boot-1-")));
      assertTrue(said.contains("ROOTSTOCK read kept"), said::toString);
      assertTrue(said.contains("ROOTSTOCK off"), said::toString);
      Tool.run("qemu-img", "check", lab.overlay("alice").toString());
    }
  }

  /** What a machine says that has this disk and nothing else; it reads the value, and is off. */
  private static List<String> boot(Path overlay) throws Exception {
    Process qemu =
        new ProcessBuilder(
                "qemu-system-x86_64",
                "-accel",
                "tcg,thread=multi",
                "-m",
                "512",
                "-nodefaults",
                "-nographic",
                "-no-reboot",
                "-drive",
                "if=virtio,format=qcow2,file=" + overlay,
                "-serial",
                "stdio")
            .redirectErrorStream(true)
            .start();
    qemu.onExit()
        .orTimeout(Machine.BOOT.toSeconds(), TimeUnit.SECONDS)
        .exceptionally(
            late -> {
              qemu.destroyForcibly();
              return qemu;
            });
    List<String> said = new ArrayList<>();
    try (var lines = qemu.inputReader();
        var commands = qemu.outputWriter()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        said.add(line.strip());
        if (line.contains("ROOTSTOCK ready")) {
          commands.write("read\noff\n");
          commands.flush();
        }
      }
    } finally {
      qemu.destroyForcibly().waitFor();
    }
    return said;
  }
}
