// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.seed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.Limits;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.InvalidClientException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Seed disks, judged by the tools that read FAT file systems. */
class SeedDiskTest {
  private static final String KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1 \"admin\" of\\lab";

  @TempDir Path folder;

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.US_ASCII));
  }

  private Path disk(SeedContent content) throws IOException {
    return Files.write(folder.resolve("seed.img"), SeedDisk.image("web1-7", "web1", content));
  }

  /** A tool's output; it is never left out, and must succeed. */
  private static byte[] tool(String... command) throws Exception {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    } catch (IOException missing) {
      throw new AssertionError(
          command[0] + " is missing: apt-get install -y mtools dosfstools util-linux", missing);
    }
    process.getOutputStream().close();
    byte[] out = process.getInputStream().readAllBytes();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(
        0,
        process.exitValue(),
        () -> String.join(" ", command) + new String(out, StandardCharsets.ISO_8859_1));
    return out;
  }

  private static String text(String... command) throws Exception {
    return new String(tool(command), StandardCharsets.UTF_8);
  }

  private static byte[] read(Path disk, String file) throws Exception {
    return tool("mcopy", "-i", disk.toString(), "::" + file, "-");
  }

  @Test
  void itIsAFileSystemWithTheLabelThatCloudInitLooksFor() throws Exception {
    Path disk = disk(new SeedContent(Map.of(), List.of()));
    assertEquals("CIDATA\n", text("blkid", "-p", "-o", "value", "-s", "LABEL", disk.toString()));
    assertEquals("vfat\n", text("blkid", "-p", "-o", "value", "-s", "TYPE", disk.toString()));
  }

  @Test
  void itIsSoundWhateverIsInIt() throws Exception {
    Random random = new Random(4);
    for (int size : new int[] {0, 1, 511, 512, 513, 5000, 60_000}) {
      byte[] content = new byte[size];
      random.nextBytes(content);
      Path disk =
          disk(
              new SeedContent(
                  Map.of("user-data", Base64.getEncoder().encodeToString(content)), List.of(KEY)));
      tool("fsck.fat", "-n", "-v", disk.toString());
      assertArrayEquals(content, read(disk, "user-data"));
    }
  }

  @Test
  void everyFileIsThereByItsLongName() throws Exception {
    Path disk =
        disk(
            new SeedContent(
                Map.of(
                    "user-data", base64("#!/bin/sh\n"),
                    "vendor-data", base64("#cloud-config\n{}\n"),
                    "network-config", base64("version: 2\n")),
                List.of()));
    assertEquals(
        List.of("::/meta-data", "::/network-config", "::/user-data", "::/vendor-data"),
        text("mdir", "-b", "-i", disk.toString(), "::").lines().sorted().toList());
    assertEquals("#!/bin/sh\n", new String(read(disk, "user-data"), StandardCharsets.US_ASCII));
    assertEquals(
        "version: 2\n", new String(read(disk, "network-config"), StandardCharsets.US_ASCII));
  }

  @Test
  void metaDataNameTheMachineAndItsKeys() throws Exception {
    Path disk = disk(new SeedContent(Map.of(), List.of(KEY)));
    assertEquals(
        """
        instance-id: "web1-7"
        local-hostname: "web1"
        public-keys:
          - "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1 \\"admin\\" of\\\\lab"
        """,
        new String(read(disk, "meta-data"), StandardCharsets.US_ASCII));
    assertEquals("#cloud-config\n", new String(read(disk, "user-data"), StandardCharsets.US_ASCII));
  }

  @Test
  void equalContentMakesEqualBytes() throws Exception {
    SeedContent content = new SeedContent(Map.of("user-data", base64("a")), List.of(KEY));
    assertArrayEquals(
        SeedDisk.image("web1-7", "web1", content), SeedDisk.image("web1-7", "web1", content));
    assertFalse(
        Arrays.equals(
            SeedDisk.image("web1-7", "web1", content), SeedDisk.image("web1-8", "web1", content)));
  }

  @Test
  void whatIsNoSeedIsRefused() {
    assertThrows(
        InvalidClientException.class,
        () -> new SeedContent(Map.of("meta-data", base64("a")), List.of()));
    assertThrows(
        InvalidClientException.class,
        () -> new SeedContent(Map.of(), List.of("-----BEGIN OPENSSH PRIVATE KEY-----")));
    String large = Base64.getEncoder().encodeToString(new byte[Limits.SEED_BYTES + 1]);
    assertThrows(
        InvalidClientException.class, () -> new SeedContent(Map.of("user-data", large), List.of()));
  }

  @Test
  void theLargestSeedFits() throws Exception {
    String large = Base64.getEncoder().encodeToString(new byte[Limits.SEED_BYTES]);
    tool("fsck.fat", "-n", disk(new SeedContent(Map.of("user-data", large), List.of())).toString());
  }

  @Test
  void seedsAreKeptForTheServerAlone() throws Exception {
    Seeds seeds = new Seeds(folder);
    ClientName web1 = new ClientName("web1");
    assertEquals(Optional.empty(), seeds.find(web1));
    SeedContent content = new SeedContent(Map.of("user-data", base64("secret")), List.of(KEY));
    seeds.put(web1, content);
    assertEquals(Optional.of(content), seeds.find(web1));
    assertEquals(
        "rw-------",
        PosixFilePermissions.toString(
            Files.getPosixFilePermissions(folder.resolve("seeds/web1.json"))));
    seeds.remove(web1);
    assertEquals(Optional.empty(), seeds.find(web1));
  }

  @Test
  void aDamagedFileIsNamed() throws Exception {
    Seeds seeds = new Seeds(folder);
    ClientName web1 = new ClientName("web1");
    seeds.put(web1, new SeedContent(Map.of(), List.of(KEY)));
    Files.writeString(folder.resolve("seeds/web1.json"), "{");
    IOException damaged = assertThrows(IOException.class, () -> seeds.find(web1));
    assertTrue(String.valueOf(damaged.getMessage()).contains("web1.json is damaged"));
  }
}
