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

  /**
   * The boot loader, the kernel and the initramfs come out of the overlay and the golden image
   * below it. Further it cannot come: the guest's root is on iSCSI, and nobody serves it.
   */
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
      assertTrue(
          said.stream().anyMatch(line -> line.contains("ROOTSTOCK kernel ")),
          () -> String.join("\n", said));
      Tool.run("qemu-img", "check", lab.overlay("alice").toString());
    }
  }

  /** What a machine says on its serial line that has this disk, until its initramfs runs. */
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
                "if=ide,format=qcow2,file=" + overlay,
                "-serial",
                "stdio")
            .redirectErrorStream(true)
            .start();
    List<String> said = new ArrayList<>();
    Thread patience =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    if (!qemu.waitFor(Machine.BOOT.toSeconds(), TimeUnit.SECONDS)) {
                      qemu.destroyForcibly();
                    }
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    try (var lines = qemu.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        said.add(line);
        if (line.contains("ROOTSTOCK kernel ")) {
          break;
        }
      }
    } finally {
      qemu.destroyForcibly().waitFor();
      patience.interrupt();
    }
    return said;
  }
}
