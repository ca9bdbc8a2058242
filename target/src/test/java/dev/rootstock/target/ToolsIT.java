// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.rootstock.images.block.MemoryBlockDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Initiators that other people wrote, against a disk in memory. */
class ToolsIT {
  private static final int SIZE = 64 << 20;

  @TempDir private Path directory = Path.of("");

  @Test
  void iscsiLsFindsTheTargetAndItsUnit() throws Exception {
    try (TestServer server = TestServer.of(new MemoryBlockDevice(SIZE))) {
      String found = run("libiscsi-bin", "iscsi-ls", "-s", "iscsi://127.0.0.1:" + port(server));
      assertTrue(found.contains("Target:" + OpenAdmission.TARGET), found);
      assertTrue(found.contains("Lun:0"), found);
      assertTrue(found.contains("DIRECT_ACCESS"), found);
    }
  }

  @Test
  void qemuImgWritesADiskAndReadsItBackTheSame() throws Exception {
    byte[] content = new byte[SIZE];
    new Random(7).nextBytes(content);
    Path image = directory.resolve("image.raw");
    Path copy = directory.resolve("copy.raw");
    Files.write(image, content);
    try (TestServer server = TestServer.of(new MemoryBlockDevice(SIZE))) {
      String url = server.url();
      qemu("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", image.toString(), url);
      qemu("qemu-img", "compare", "-f", "raw", "-F", "raw", image.toString(), url);
      qemu("qemu-img", "convert", "-f", "raw", "-O", "raw", url, copy.toString());
      assertEquals(-1, Files.mismatch(image, copy));
    }
  }

  /** QEMU asks for CRC32C alone, which a target without it would have to refuse. */
  @Test
  void qemuImgReadsWithHeaderDigests() throws Exception {
    byte[] content = new byte[1 << 20];
    new Random(8).nextBytes(content);
    Path image = directory.resolve("image.raw");
    Files.write(image, content);
    try (TestServer server = TestServer.of(new MemoryBlockDevice(1 << 20))) {
      String disk =
          "driver=raw,file.driver=iscsi,file.transport=tcp,file.header-digest=crc32c,file.lun=0"
              + ",file.portal=127.0.0.1:"
              + port(server)
              + ",file.target="
              + OpenAdmission.TARGET;
      String raw = "driver=raw,file.filename=" + image;
      qemu("qemu-img", "convert", "-n", "--image-opts", "--target-image-opts", raw, disk);
      qemu("qemu-img", "compare", "--image-opts", raw, disk);
    }
  }

  @Test
  void qemuIoWritesPatternsAndFindsThemAgain() throws Exception {
    try (TestServer server = TestServer.of(new MemoryBlockDevice(SIZE))) {
      qemu(
          "qemu-io",
          "-f",
          "raw",
          "-c",
          "write -P 0xa5 0 1M",
          "-c",
          "write -f -P 0x5a 12345k 3M",
          "-c",
          "write -P 0x11 512 512",
          "-c",
          "aio_write -P 0x33 20M 8M",
          "-c",
          "aio_write -P 0x44 30M 8M",
          "-c",
          "aio_flush",
          "-c",
          "discard 40M 1M",
          "-c",
          "write -z 2M 64k",
          "-c",
          "flush",
          server.url());
      String read =
          qemu(
              "qemu-io",
              "-f",
              "raw",
              "-c",
              "read -P 0xa5 1024 1047552",
              "-c",
              "read -P 0x5a 12345k 3M",
              "-c",
              "read -P 0x11 512 512",
              "-c",
              "read -P 0x33 20M 8M",
              "-c",
              "read -P 0x44 30M 8M",
              "-c",
              "read -P 0 2M 64k",
              server.url());
      assertTrue(!read.contains("verification failed"), read);
    }
  }

  private static int port(TestServer server) {
    return server.address().getPort();
  }

  private static String qemu(String... command) throws Exception {
    return run("qemu-utils and qemu-block-extra", command);
  }

  /** Runs a tool to its end, and fails with what it printed, or with its package's name. */
  private static String run(String debianPackage, String... command) throws Exception {
    Process process;
    try {
      process = new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
    } catch (IOException e) {
      return fail(command[0] + " is missing: install the package " + debianPackage, e);
    }
    process.getOutputStream().close();
    // A tool that hangs is ended, which ends its output.
    var end = process.onExit().orTimeout(60, TimeUnit.SECONDS);
    var _ = end.exceptionally(_ -> process.destroyForcibly());
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertEquals(0, end.get().exitValue(), () -> String.join(" ", command) + ": " + output);
    return output;
  }
}
