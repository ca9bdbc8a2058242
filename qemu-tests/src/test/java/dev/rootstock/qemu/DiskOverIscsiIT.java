// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A client's disk through QEMU's own initiator, libiscsi. */
class DiskOverIscsiIT {
  private static final String INITIATOR = "iqn.2026-11.dev.rootstock.test:qemu";

  @Test
  void anUnwrittenDiskIsTheGoldenImage() throws Exception {
    try (Lab lab = Lab.open("disk-convert")) {
      String disk = disk(lab, "carl");
      Path copy = lab.folder().resolve("copy.raw");
      lab.network().run("qemu-img", "convert", "--image-opts", disk, "-O", "raw", copy.toString());
      assertEquals(Checksum.of(Lab.golden()), Checksum.of(copy));
      Files.delete(copy);
      lab.finish();
    }
  }

  @Test
  void writesSurviveAKillOfTheServer() throws Exception {
    try (Lab lab = Lab.open("disk-kill")) {
      String disk = disk(lab, "carl");
      // Across clusters, at their edges, and less than a cluster: 64 KiB each.
      List<String> places = List.of("0 512", "65024 1024", "1M 192k", "100M 4k");
      for (int i = 0; i < places.size(); i++) {
        qemuIo(lab, disk, "write -P 0x%x %s".formatted(0xa0 + i, places.get(i)));
      }
      lab.service().kill();
      lab.service().start();
      for (int i = 0; i < places.size(); i++) {
        qemuIo(lab, disk, "read -P 0x%x %s".formatted(0xa0 + i, places.get(i)));
      }
      lab.finish();
    }
  }

  private static String disk(Lab lab, String client) throws Exception {
    lab.service().command("client", "add", client, "--initiator", INITIATOR, "--image", Lab.IMAGE);
    return "driver=iscsi,transport=tcp,portal=%s:3260,target=%s,lun=0,initiator-name=%s"
        .formatted(PrivateNetwork.ADDRESS, Service.target(client), INITIATOR);
  }

  /** qemu-io says "Pattern verification failed" and still ends with code 0 in some versions. */
  private static void qemuIo(Lab lab, String disk, String command) throws Exception {
    String said = lab.network().run("qemu-io", "--image-opts", disk, "-c", command);
    assertTrue(said.contains("bytes at offset") && !said.contains("failed"), said);
  }
}
