// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * RFC 4173 from end to end: the real service and a boot client in two network namespaces. The
 * client has a root path that names no server, and reads its disk. One run, looked at from several
 * sides.
 */
class DiscoveryStagesIT {
  private static final int MINUTES = 6;
  private static final String MINE = "iqn.2026-11.dev.rootstock:stages:mine";

  @TempDir private static Path folder;

  private static List<String> lines = List.of();
  private static String beginning = "";

  @BeforeAll
  static void run() throws Exception {
    String namespaces =
        Stream.of("-rn", "-n")
            .filter(each -> exitOf(List.of("unshare", each, "true")) == 0)
            .findFirst()
            .orElseGet(
                () ->
                    fail(
                        "'unshare -rn true' and 'unshare -n true' fail: run the tests as root, or"
                            + " allow user namespaces"));
    byte[] golden = new byte[1 << 20];
    new Random(4173).nextBytes(golden);
    beginning = HexFormat.of().formatHex(golden, 0, 16);
    Files.write(folder.resolve("golden.raw"), golden);
    Path script = folder.resolve("stages.sh");
    try (InputStream in =
        Objects.requireNonNull(DiscoveryStagesIT.class.getResourceAsStream("stages.sh"))) {
      Files.write(script, in.readAllBytes());
    }
    Path output = folder.resolve("output.txt");
    Process process =
        new ProcessBuilder(
                "unshare",
                namespaces,
                "bash",
                script.toString(),
                folder.toString(),
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    lines = Files.readAllLines(output, StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), () -> String.join("\n", lines));
  }

  private static int exitOf(List<String> command) {
    try {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (IOException e) {
      return fail("the tool of this command is needed: " + command, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return fail("interrupted", e);
    }
  }

  private static String line(String prefix) {
    return lines.stream()
        .filter(line -> line.startsWith(prefix))
        .findFirst()
        .orElseGet(() -> fail("no '" + prefix + "' in:\n" + String.join("\n", lines)));
  }

  @Test
  void theServiceSaysWhereItListens() {
    assertEquals("server ready isns 10.77.0.1:3205", line("server ready isns"));
    assertEquals("server ready slp 10.77.0.1:427", line("server ready slp"));
  }

  @Test
  void aRootPathWithoutAServerIsCompletedBySlpAndItsDiskIsRead() {
    assertEquals(
        "slp found iscsi:10.77.0.1::3261::" + MINE + " which begins with " + beginning,
        line("slp found"));
  }

  @Test
  void aRootPathWithoutAServerIsCompletedByIsnsAndItsDiskIsRead() {
    assertEquals(
        "isns found iscsi:10.77.0.1::3261::" + MINE + " which begins with " + beginning,
        line("isns found"));
  }

  /** RFC 4018's query 4: what this initiator may log in to, and nobody else's. */
  @Test
  void withoutATargetsNameAnInitiatorFindsItsOwn() {
    assertTrue(line("query4").contains(MINE));
    assertFalse(line("query4").contains("others"), line("query4"));
  }

  /** RFC 4173 §6: a port that the root path states is tried as well. */
  @Test
  void theCommandCompletesARootPath() {
    assertEquals(
        List.of(
            "discover iscsi:10.77.0.1::3261:1:" + MINE, "discover iscsi:10.77.0.1::860:1:" + MINE),
        lines.stream().filter(line -> line.startsWith("discover ")).toList());
  }

  @Test
  void theCommandAsksIsns() {
    assertEquals(
        "isns-json {\"targets\":[{\"target\":\""
            + MINE
            + "\",\"addresses\":[\"10.77.0.1:3261,1\"]}]}",
        line("isns-json"));
  }

  /** Wake-on-LAN: six bytes of ones, and sixteen times the card's address. */
  @Test
  void aMachineIsWoken() {
    assertEquals("wake sent to sleeper; nothing answers to such a packet", line("wake "));
    assertEquals("woken " + "ff".repeat(6) + "525400770009".repeat(16), line("woken "));
  }

  /** RFC 2608 §12.1, between two processes: found by its advertisement, or by being looked for. */
  @Test
  void aDirectoryAgentIsToldOfWhatEverybodyMaySee() {
    assertTrue(line("directory").contains(":everybodys"), line("directory"));
    assertFalse(lines.stream().anyMatch(each -> each.matches("directory .*(mine|others).*")));
  }

  /** RFC 2608 §10.6. */
  @Test
  void whenTheServiceEndsTheDirectoryAgentTellsOfItNoMore() {
    assertTrue(line("afterwards").contains("has no target for anybody"), line("afterwards"));
  }

  @Test
  void whoMayLogInToNothingIsToldOfNothing() {
    assertTrue(line("nobody").contains("has no target for anybody"), line("nobody"));
  }
}
