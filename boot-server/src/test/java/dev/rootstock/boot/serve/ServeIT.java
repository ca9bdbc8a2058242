// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real process on loopback, with QEMU's initiator as its client and qemu-img as the judge. */
class ServeIT {
  private static final long PATIENCE_SECONDS = 120;
  private static final Pattern READY = Pattern.compile("ready iscsi 127\\.0\\.0\\.1:(\\d+)");

  @TempDir Path folder;
  private Path golden;
  private @Nullable Process server;
  private int port;

  @BeforeEach
  void configure() throws Exception {
    Files.writeString(
        folder.resolve("rootstock.yaml"), "data: data\niscsi: {listen: [\"127.0.0.1:0\"]}\n");
    byte[] content = new byte[16 << 20];
    new Random(4173).nextBytes(content);
    golden = Files.write(folder.resolve("golden.raw"), content);
    rootstock("image", "import", golden.toString(), "--name", "debian");
    rootstock("client", "add", "alpha", "--image", "debian");
    rootstock("client", "add", "beta", "--image", "debian", "--size", "32M");
  }

  @AfterEach
  void killServer() throws Exception {
    if (server != null) {
      server.destroyForcibly().waitFor();
    }
  }

  @Test
  void aServedDiskEqualsItsGoldenImage() throws Exception {
    start();
    Path copy = folder.resolve("copy.raw");
    assertEquals("", run("qemu-img", "convert", "-O", "raw", url("alpha"), copy.toString()));
    assertEquals(-1, Files.mismatch(golden, copy));
    assertEquals(0, stop());
  }

  @Test
  void whatWasWrittenIsThereAfterKillNineAndQemuFindsTheOverlayClean() throws Exception {
    start();
    // 3 MiB that cross clusters, half a cluster, one block, and a block after the image's end.
    io("alpha", "write -P 0x5a 1M 3M", "write -P 0x11 8224K 32K", "write -P 0x77 4096 512");
    io("beta", "write -P 0x33 20M 64K", "flush");
    kill();
    start();
    io(
        "alpha",
        "read -P 0x5a 1M 3M",
        "read -P 0x11 8224K 32K",
        "read -P 0x77 4096 512",
        "write -P 0x99 1M 4K");
    io("beta", "read -P 0x33 20M 64K", "read -P 0 24M 8M");
    assertEquals(0, stop());
    for (String client : List.of("alpha", "beta")) {
      run("qemu-img", "check", overlay(client));
    }
    // Outside of what they wrote both disks are the golden image: their first differences are
    // alpha's first write, and the end of the image that beta's larger disk goes on behind.
    assertEquals(4096, Files.mismatch(golden, flat("alpha")));
    assertEquals(Files.size(golden), Files.mismatch(golden, flat("beta")));
    rootstock("image", "verify", "debian");
    assertEquals(-1, Files.mismatch(golden, folder.resolve("data/images/debian/1.raw")));
  }

  /** Two clients of one image see their own writes only. */
  @Test
  void clientsDoNotSeeEachOther() throws Exception {
    start();
    io("alpha", "write -P 0x5a 64K 64K", "flush");
    io("beta", "write -P 0x77 64K 64K", "flush");
    io("alpha", "read -P 0x5a 64K 64K");
    io("beta", "read -P 0x77 64K 64K");
    assertEquals(0, stop());
  }

  @Test
  void aSignalStopsItInOrder() throws Exception {
    start();
    io("alpha", "write -P 0x5a 0 4K");
    assertEquals(0, stop());
    assertFalse(Files.exists(folder.resolve("data/control.sock")));
    start();
    io("alpha", "read -P 0x5a 0 4K");
    assertEquals(0, stop());
  }

  @Test
  void aSecondServerNamesTheProcessThatHasTheData() throws Exception {
    Process first = start();
    List<String> command = java("serve");
    Process second =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String output = new String(second.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(1, second.waitFor(), output);
    assertEquals(1, output.lines().count(), output);
    assertTrue(output.contains("process " + first.pid()), output);
    io("alpha", "read 0 4K");
    assertEquals(0, stop());
  }

  @Test
  void withoutAFileItServesFromTheWorkingDirectory() throws Exception {
    Files.delete(folder.resolve("rootstock.yaml"));
    Path fresh = Files.createDirectory(folder.resolve("fresh"));
    List<String> plain = new ArrayList<>(java("image", "import", golden.toString()));
    plain.addAll(List.of("--name", "debian"));
    run(fresh, plain);
    assertTrue(Files.exists(fresh.resolve("rootstock-data/images/debian/1.raw")));
  }

  // ---- scaffolding ----

  /** A copy of a client's disk as qemu-img reads its overlay. */
  private Path flat(String client) throws Exception {
    Path flat = folder.resolve(client + ".raw");
    run("qemu-img", "convert", "-O", "raw", overlay(client), flat.toString());
    return flat;
  }

  private String overlay(String client) {
    return folder.resolve("data/clients/" + client + ".qcow2").toString();
  }

  private Process start() throws Exception {
    Process process =
        new ProcessBuilder(java("serve"))
            .directory(folder.toFile())
            .redirectError(folder.resolve("serve.log").toFile())
            .start();
    server = process;
    BufferedReader out = process.inputReader();
    String line = out.readLine();
    Matcher matcher = READY.matcher(String.valueOf(line));
    assertTrue(matcher.matches(), () -> line + "\n" + read(folder.resolve("serve.log")));
    port = Integer.parseInt(matcher.group(1));
    return process;
  }

  /** SIGTERM; the exit status. */
  private int stop() throws Exception {
    Process process = Objects.requireNonNull(server);
    process.destroy();
    assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "it does not stop");
    return process.exitValue();
  }

  private void kill() throws Exception {
    Objects.requireNonNull(server).destroyForcibly().waitFor();
  }

  private String url(String client) throws Exception {
    String shown = rootstock("client", "show", client);
    String target =
        shown
            .lines()
            .filter(line -> line.startsWith("target "))
            .map(line -> line.substring(line.indexOf("iqn.")))
            .findFirst()
            .orElseThrow();
    return "iscsi://127.0.0.1:%d/%s/0".formatted(port, target);
  }

  private void io(String client, String... commands) throws Exception {
    List<String> words = new ArrayList<>(List.of("qemu-io", "-f", "raw"));
    for (String command : commands) {
      words.addAll(List.of("-c", command));
    }
    words.add(url(client));
    String output = run(folder, words);
    assertFalse(output.contains("Pattern verification failed"), output);
    // QEMU tells of every command that a target refuses.
    assertFalse(output.contains("failed"), output);
  }

  private String rootstock(String... words) throws Exception {
    return run(folder, java(words));
  }

  private static List<String> java(String... words) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Dio.netty.allocator.type=pooled",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.rootstock.boot.cli.Main"));
    command.addAll(List.of(words));
    return command;
  }

  private String run(String... command) throws Exception {
    return run(folder, List.of(command));
  }

  /** Runs a program that must succeed; what it printed. */
  private static String run(Path directory, List<String> command) throws Exception {
    Path output = Files.createTempFile(directory, "output", ".txt");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    String text = read(output);
    assertEquals(0, process.waitFor(), () -> String.join(" ", command) + "\n" + text);
    return text;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
