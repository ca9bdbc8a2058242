// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rootstock.boot.serve.Server;
import dev.rootstock.target.Isid;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of a version that a machine's disk became. */
class PublishCommandsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String MACHINE = "iqn.2000-01.com.example:machine";

  @TempDir Path folder;
  private CommandLineHarness commands;

  @BeforeEach
  void aMachineWithADiskOfItsOwn() throws Exception {
    commands = new CommandLineHarness(folder);
    Path etc = Files.createDirectories(folder.resolve("root/etc"));
    Files.writeString(etc.resolve("machine-id"), "0123456789abcdef0123456789abcdef\n");
    Path image = folder.resolve("debian.raw");
    Process made =
        new ProcessBuilder(
                "mke2fs",
                "-q",
                "-F",
                "-t",
                "ext4",
                "-d",
                folder.resolve("root").toString(),
                image.toString(),
                "8M")
            .redirectErrorStream(true)
            .start();
    made.getOutputStream().close();
    String said = new String(made.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(made.waitFor(60, TimeUnit.SECONDS));
    assertEquals(0, made.exitValue(), said);
    commands.done("image", "import", image.toString(), "--name", "debian");
    commands.done("client", "add", "alpha", "--image", "debian", "--initiator", MACHINE);
    try (Server server = commands.serve();
        Initiator machine = login(server)) {
      machine.logout();
    }
  }

  private Initiator login(Server server) throws Exception {
    JsonNode alpha = commands.run("client", "show", "alpha", "--json").json();
    try {
      return Initiator.login(
          CommandLineHarness.portal(server),
          LoginOptions.normal(MACHINE, alpha.get("target").asText())
              .withIsid(new Isid(0x0002_3d00_0001L)),
          PATIENCE);
    } catch (IOException e) {
      throw new AssertionError("no login", e);
    }
  }

  @Test
  void whatShouldNotBeClonedIsWarnedOf() throws Exception {
    JsonNode published =
        commands.run("image", "publish", "debian", "--from-client", "alpha", "--json").json();
    assertEquals(1, published.get("warnings").size());
    assertTrue(published.get("warnings").get(0).asText().startsWith("/etc/machine-id on the disk"));
    assertTrue(
        commands
            .done("image", "publish", "debian", "--from-client", "alpha")
            .contains("\nwarning: /etc/machine-id"));
  }

  @Test
  void statusSaysWhoseDiskKeepsAnOlderVersion() throws Exception {
    assertTrue(standsOn().isNull());
    commands.done("image", "publish", "debian", "--from-client", "alpha");
    assertEquals("debian@1", standsOn().asText());
    assertTrue(commands.done("status").contains("alpha keeps its disk on debian@1, and debian is"));
    commands.done("client", "set", "alpha", "--image", "debian@2", "--rebase");
    assertTrue(standsOn().isNull());
    commands.done("client", "set", "alpha", "--image", "debian@1", "--mode", "ephemeral");
    assertTrue(standsOn().isNull());
  }

  private JsonNode standsOn() throws Exception {
    return commands.run("status", "--json").json().get("clients").get(0).get("standsOn");
  }
}
