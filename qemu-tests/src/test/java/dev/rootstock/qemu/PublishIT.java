// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A machine installs a package, its disk becomes version 2, and others boot that. */
class PublishIT {

  @Test
  void othersBootWhatOneHasInstalledWhileAThirdStillRunsTheOldVersion() throws Exception {
    try (Lab lab = Lab.open("publish")) {
      Path deb = packageFile(lab.folder());
      long size = Files.size(deb);
      Path disk = lab.folder().resolve("tools.raw");
      Files.write(
          disk, Arrays.copyOf(Files.readAllBytes(deb), (int) ((size + 4095) / 4096 * 4096)));
      lab.service().command("image", "import", disk.toString(), "--name", "tools");

      Machine alice = lab.client("alice", "persistent", Firmware.BIOS);
      Machine old = lab.client("old", "persistent", Firmware.BIOS);
      lab.service().command("client", "set", "alice", "--disk", "tools@1");
      alice.powerOn();
      old.powerOn();
      alice.awaitReady();
      alice.ask("proof", "^ROOTSTOCK proof none$");
      alice.ask("install " + size, "^ROOTSTOCK installed from /dev/sd");
      alice.ask("proof", "^ROOTSTOCK proof it works$");
      old.awaitReady();
      old.write("still-running");
      alice.shutDown();

      String published =
          lab.service().command("image", "publish", Lab.IMAGE, "--from-client", "alice", "--force");
      assertTrue(published.contains("published " + Lab.IMAGE + "@2"), published);

      Machine bob = lab.client("bob", "persistent", Firmware.BIOS);
      Machine carol = lab.client("carol", "ephemeral", Firmware.BIOS);
      for (Machine machine : List.of(bob, carol)) {
        machine.powerOn();
      }
      for (Machine machine : List.of(bob, carol)) {
        machine.awaitReady();
        machine.ask("proof", "^ROOTSTOCK proof it works$");
      }
      old.ask("proof", "^ROOTSTOCK proof none$");
      booted(lab, "old", 1);
      booted(lab, "bob", 2);
      booted(lab, "carol", 2);
      for (Machine machine : List.of(bob, carol, old)) {
        machine.shutDown();
      }
      lab.service().command("image", "verify", Lab.IMAGE);
      lab.finish();
    }
  }

  private static void booted(Lab lab, String client, int version)
      throws IOException, InterruptedException {
    String shown = lab.service().command("client", "show", client);
    assertTrue(shown.contains("now on %s@%d".formatted(Lab.IMAGE, version)), shown);
  }

  /** A package of one program that says that it works. */
  private static Path packageFile(Path folder) throws IOException, InterruptedException {
    Path tree = folder.resolve("package");
    Files.createDirectories(tree.resolve("DEBIAN"));
    Files.createDirectories(tree.resolve("usr/bin"));
    Files.writeString(
        tree.resolve("DEBIAN/control"),
        """
        Package: rootstock-proof
        Version: 1
        Architecture: all
        Maintainer: nobody
        Description: proof
        """);
    Path program =
        Files.writeString(tree.resolve("usr/bin/proof"), "#!/bin/busybox sh\necho it works\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path deb = folder.resolve("proof.deb");
    Tool.run(
        "dpkg-deb", "-Zgzip", "--build", "--root-owner-group", tree.toString(), deb.toString());
    return deb;
  }
}
