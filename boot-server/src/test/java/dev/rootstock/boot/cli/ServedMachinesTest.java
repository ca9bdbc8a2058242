// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rootstock.boot.serve.Server;
import dev.rootstock.target.Isid;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.initiator.LoginRefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Commands while a server runs and machines have their disks from it. */
class ServedMachinesTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String MACHINE = "iqn.2000-01.com.example:machine";

  private static final Isid LINUX = new Isid(0x0002_3d00_0001L);
  private static final Isid FIRMWARE = new Isid(0x4000_2723_0001L);

  @TempDir Path folder;
  private CommandLineHarness commands;

  @BeforeEach
  void configure() throws Exception {
    commands = new CommandLineHarness(folder);
  }

  @Test
  void commandsWorkThroughARunningServer() throws Exception {
    try (Server server = commands.serve()) {
      commands.importDebian();
      commands.done("client", "add", "alpha", "--image", "debian");
      JsonNode alpha = commands.run("client", "show", "alpha", "--json").json();
      assertTrue(commands.failed("client", "show", "ghost").contains("'ghost'"));
      assertTrue(
          commands
              .failed("image", "import", folder.resolve("none").toString(), "--name", "x")
              .contains("there is no file"));
      try (Initiator machine = login(server, alpha)) {
        JsonNode running = commands.run("client", "show", "alpha", "--json").json();
        assertEquals(MACHINE, running.get("sessions").get(0).get("initiator").asText());
        assertEquals(1, running.get("generation").asLong());
        machine.logout();
      }
    }
    assertTrue(commands.done("client", "list").contains("alpha"));
  }

  @Test
  void sendTargetsFindsAnOpenClient() throws Exception {
    commands.importDebian();
    commands.done("client", "add", "alpha", "--image", "debian");
    commands.done("client", "add", "beta", "--image", "debian", "--initiator", MACHINE);
    try (Server server = commands.serve()) {
      String portal = "127.0.0.1:" + CommandLineHarness.portal(server).getPort();
      String open = commands.done("discover", "--sendtargets", portal);
      assertEquals(1, open.lines().count(), open);
      assertTrue(open.contains(":alpha  " + portal), open);
      String all = commands.done("discover", "--sendtargets", portal, "--initiator", MACHINE);
      assertEquals(2, all.lines().count(), all);
    }
  }

  @Test
  void anEmptyDiscoveryFails() throws Exception {
    try (Server server = commands.serve()) {
      String portal = "127.0.0.1:" + CommandLineHarness.portal(server).getPort();
      assertTrue(
          commands
              .failed("discover", "--sendtargets", portal)
              .startsWith(portal + " has no target"));
    }
  }

  @Test
  void aSnapshotOfARunningMachineIsGoneBackTo() throws Exception {
    commands.importDebian();
    JsonNode alpha = add("alpha");
    try (Server server = commands.serve();
        Initiator machine = login(server, alpha)) {
      assertTrue(machine.writeBlocks(0, 8, filled(0x11)).good());
      assertTrue(
          commands
              .done("client", "snapshot", "alpha", "--name", "good")
              .startsWith("kept alpha as snapshot good, "));
      assertTrue(machine.writeBlocks(0, 8, filled(0x22)).good());
      assertTrue(
          commands
              .failed("client", "restore", "alpha", "good")
              .contains("session 1 from 127.0.0.1"));
      assertTrue(
          commands.failed("client", "restore", "alpha", "bad").contains("no snapshot 'bad'"));
      Path backup = folder.resolve("backup.raw");
      commands.done("client", "export", "alpha", backup.toString());
      assertEquals(0x22, Files.readAllBytes(backup)[8 * 512]);
      machine.logout();
    }
    commands.done("client", "restore", "alpha", "good", "--force");
    assertEquals("the disk of alpha is sound\n", commands.done("client", "check", "alpha"));
    try (Server server = commands.serve();
        Initiator machine = login(server, alpha, FIRMWARE)) {
      assertEquals("1111", hex(machine.readBlocks(0, 8, 1).data()).substring(0, 4));
      machine.logout();
    }
    JsonNode shown = commands.run("client", "show", "alpha", "--json").json();
    assertEquals("good", shown.get("snapshots").get(0).get("snapshot").asText());
    commands.done("client", "snapshot", "alpha", "--remove", "good");
    commands.done("client", "remove", "alpha", "--force");
    assertFalse(
        CommandLineHarness.tree(commands.data).stream().anyMatch(file -> file.contains("alpha")));
  }

  @Test
  void aRunningMachineIsPublishedAndOthersBootThatWhileItKeepsItsVersion() throws Exception {
    commands.importDebian();
    JsonNode alpha = add("alpha");
    JsonNode beta = add("beta");
    try (Server server = commands.serve()) {
      try (Initiator machine = login(server, alpha)) {
        assertTrue(machine.writeBlocks(0, 8, filled(0x33)).good());
        assertTrue(
            commands
                .failed("image", "publish", "debian", "--from-client", "alpha")
                .contains("session 1 from 127.0.0.1"));
        commands.done("image", "publish", "debian", "--from-client", "alpha", "--live");
        assertTrue(
            commands
                .failed("image", "remove", "debian@1")
                .startsWith("debian@1 is in use by alpha: "));
        try (Initiator other = login(server, beta)) {
          assertEquals("3333", hex(other.readBlocks(0, 8, 1).data()).substring(0, 4));
          other.logout();
        }
        assertEquals("debian@1", show("alpha").get("bootedImage").asText());
        assertEquals("debian@2", show("beta").get("bootedImage").asText());
        machine.logout();
      }
      commands.done("client", "set", "alpha", "--image", "debian@2", "--rebase", "--force");
      assertEquals("debian@2", show("alpha").get("bootedImage").asText());
      try (Initiator machine = login(server, alpha, FIRMWARE)) {
        assertEquals("3333", hex(machine.readBlocks(0, 8, 1).data()).substring(0, 4));
        machine.logout();
      }
    }
    assertTrue(commands.done("image", "verify", "debian").contains("is intact"));
  }

  @Test
  void aFurtherDiskIsReadAtTheNextLun() throws Exception {
    commands.importDebian();
    Path tools = commands.image("tools.raw", 1 << 19);
    commands.done("image", "import", tools.toString(), "--name", "tools");
    assertTrue(
        commands
            .failed("client", "add", "alpha", "--image", "debian", "--disk", "tools")
            .contains("does not say which version"));
    commands.done(
        "client", "add", "alpha", "--image", "debian", "--initiator", MACHINE, "--disk", "tools@1");
    JsonNode alpha = show("alpha");
    assertEquals("tools@1", alpha.get("disks").get(0).get("image").asText());
    assertTrue(
        commands.failed("image", "remove", "tools@1").startsWith("tools@1 is in use by alpha: "));
    try (Server server = commands.serve();
        Initiator machine = login(server, alpha)) {
      byte[] testUnitReady = new byte[16];
      for (int i = 0; i < 3 && !machine.read(1, testUnitReady, 0).good(); i++) {
        // its unit attention
      }
      assertEquals(
          hex(Arrays.copyOfRange(Files.readAllBytes(tools), 3 * 512, 4 * 512)),
          hex(machine.readBlocks(1, 3, 1).data()));
      assertFalse(machine.writeBlocks(1, 3, filled(1)).good());
      machine.logout();
    }
  }

  @Test
  void aLimitEndsWritingAndIsLiftedWhileTheMachineRuns() throws Exception {
    Path big = commands.image("big.raw", 8 << 20);
    commands.done("image", "import", big.toString(), "--name", "debian");
    commands.done(
        "client", "add", "alpha", "--image", "debian", "--initiator", MACHINE, "--limit", "1M");
    JsonNode alpha = show("alpha");
    assertEquals(1 << 20, alpha.get("limitBytes").asLong());
    try (Server server = commands.serve();
        Initiator machine = login(server, alpha)) {
      byte[] piece = new byte[64 << 10];
      int written = 0;
      while (written < 64 && machine.writeBlocks(0, written * 128L, piece).good()) {
        written++;
      }
      assertTrue(written > 0 && written <= 16, written + " pieces fit into the limit");
      long takes = show("alpha").get("storeBytes").asLong();
      String text = commands.done("client", "show", "alpha");
      assertTrue(text.contains("takes      " + Size.text(takes) + " of its limit of 1M: "), text);
      commands.done("client", "set", "alpha", "--limit", "0");
      assertTrue(machine.writeBlocks(0, written * 128L, piece).good());
      machine.logout();
    }
  }

  @Test
  void whatAClientWroteThatIsNotKnownAnyMoreIsDropped() throws Exception {
    commands.importDebian();
    add("beta");
    JsonNode alpha = add("alpha");
    try (Server server = commands.serve();
        Initiator machine = login(server, alpha)) {
      assertTrue(machine.writeBlocks(0, 8, filled(0x11)).good());
      machine.logout();
    }
    Path overlay = commands.data.resolve("clients/alpha.qcow2");
    Path saved = Files.copy(overlay, folder.resolve("saved"));
    commands.done("client", "remove", "alpha", "--force");
    Files.move(saved, overlay); // as if the server had crashed before it was deleted
    commands.done("client", "list");
    assertFalse(Files.exists(overlay));
    commands.done("client", "remove", "beta");
    Files.write(overlay, new byte[5]);
    commands.done("client", "list");
    assertTrue(Files.exists(overlay), "an empty registry may be a lost one");
  }

  private JsonNode add(String client) throws Exception {
    commands.done("client", "add", client, "--image", "debian");
    return show(client);
  }

  private JsonNode show(String client) throws Exception {
    return commands.run("client", "show", client, "--json").json();
  }

  private static byte[] filled(int value) {
    byte[] block = new byte[512];
    Arrays.fill(block, (byte) value);
    return block;
  }

  @ParameterizedTest
  @CsvSource({
    "reset, and what it wrote is dropped",
    "remove, and it is forgotten with what it wrote",
    "boot, and its boot ends"
  })
  void whatWouldHurtALiveSessionIsRefusedNamingItUntilForced(String what, String forced)
      throws Exception {
    commands.importDebian();
    commands.done("client", "add", "alpha", "--image", "debian");
    JsonNode alpha = commands.run("client", "show", "alpha", "--json").json();
    byte[] block = new byte[512];
    Arrays.fill(block, (byte) 0x5A);
    try (Server server = commands.serve();
        Initiator machine = login(server, alpha)) {
      assertTrue(machine.writeBlocks(0, 8, block).good());
      String line = commands.failed("client", what, "alpha");
      assertTrue(line.contains("session 1 from 127.0.0.1"), line);
      assertTrue(
          line.endsWith(
              "; stop that machine first, or use --force: its disk is taken away from it, "
                  + forced),
          line);
      String publish = commands.failed("image", "publish", "debian", "--from-client", "alpha");
      assertTrue(
          publish.endsWith("; --live publishes what a power failure would leave now"), publish);
      commands.done("client", "snapshot", "alpha", "--name", "now");
      String restore = commands.failed("client", "restore", "alpha", "now");
      assertTrue(
          restore.endsWith(", and another content takes the place of what it wrote"), restore);
      assertEquals(
          "5a5a", hex(machine.readBlocks(0, 8, 1).data()).substring(0, 4), "must go on living");
      commands.done("client", what, "alpha", "--force");
      assertThrows(IOException.class, () -> machine.readBlocks(0, 8, 1));
      if (what.equals("remove")) {
        assertThrows(LoginRefusedException.class, () -> login(server, alpha).close());
        assertTrue(commands.done("client", "list").startsWith("no clients"));
      } else {
        // The machine's own firmware: what ran before may not come back with stale pages.
        try (Initiator again = login(server, alpha, FIRMWARE)) {
          String read = hex(again.readBlocks(0, 8, 1).data());
          assertEquals(what.equals("boot"), read.startsWith("5a5a5a5a"), read);
          again.logout();
        }
      }
    }
  }

  @Test
  void aServersClientsAreThereAfterARestart() throws Exception {
    JsonNode before;
    try (Server server = commands.serve()) {
      commands.importDebian();
      commands.done("client", "add", "alpha", "--image", "debian");
      before = commands.run("client", "show", "alpha", "--json").json();
      try (Initiator machine = login(server, before)) {
        byte[] block = new byte[512];
        Arrays.fill(block, (byte) 0x77);
        assertTrue(machine.writeBlocks(0, 3, block).good());
        machine.logout();
      }
    }
    try (Server server = commands.serve();
        Initiator machine = login(server, before)) {
      JsonNode after = commands.run("client", "show", "alpha", "--json").json();
      assertEquals(before.get("target"), after.get("target"));
      assertEquals(1, after.get("generation").asLong(), "a restart is no boot");
      assertEquals("7777", hex(machine.readBlocks(0, 3, 1).data()).substring(0, 4));
      machine.logout();
    }
  }

  @Test
  void statusAndClientShowWhatIsTakenOfTheStore() throws Exception {
    commands.importDebian();
    commands.done("client", "add", "alpha", "--image", "debian");
    JsonNode store = commands.run("status", "--json").json().get("store");
    assertTrue(store.get("usedBytes").asLong() > 0 && store.get("limitBytes").isNull());
    assertTrue(commands.run("status").out().startsWith("store: "));
    JsonNode memory = commands.run("status", "--json").json().get("memory");
    assertEquals(0, memory.get("usedBytes").asLong());
    assertTrue(memory.get("limitBytes").asLong() > 0, "half of the machine's");
    JsonNode client = commands.run("client", "show", "alpha", "--json").json();
    assertEquals(0, client.get("storeBytes").asLong());
    String text = commands.done("client", "show", "alpha");
    assertTrue(text.contains("takes      0, no limit: disk, journal, snapshots"), text);
  }

  @Test
  void statusShowsHowFarAMachineHasCome() throws Exception {
    commands.importDebian();
    commands.done("client", "add", "alpha", "--image", "debian");
    JsonNode before = commands.run("status", "--json").json().get("clients").get(0);
    assertEquals("new", before.get("stage").asText());
    assertTrue(before.get("started").isNull() && before.get("steps").isEmpty());
    try (Server server = commands.serve()) {
      JsonNode client = commands.run("client", "show", "alpha", "--json").json();
      try (Initiator machine = login(server, client)) {
        machine.logout();
      }
      JsonNode steps = commands.run("status", "--json").json().get("clients").get(0).get("steps");
      assertEquals("system-login", steps.get(0).get("step").asText());
      assertTrue(steps.get(0).get("detail").asText().contains("127.0.0.1"), steps.toString());
    }
    String afterwards = commands.run("status").out();
    assertTrue(afterwards.contains("alpha") && afterwards.contains("system-login"), afterwards);
  }

  @Test
  void aBootIsSeenReadingAndWritingAndStaysInTheHistory() throws Exception {
    commands.importDebian();
    commands.done("client", "add", "alpha", "--image", "debian");
    assertTrue(commands.run("client", "history", "alpha").out().contains("has not booted yet"));
    try (Server server = commands.serve()) {
      JsonNode client = commands.run("client", "show", "alpha", "--json").json();
      try (Initiator machine = login(server, client)) {
        assertTrue(machine.readBlocks(0, 0, 8).good());
        assertTrue(machine.writeBlocks(0, 0, new byte[512]).good());
        JsonNode boot = commands.run("status", "--json").json().get("clients").get(0);
        assertEquals(
            List.of("first-read", "system-login", "ready"),
            boot.get("steps").valueStream().map(step -> step.get("step").asText()).toList());
        assertEquals(4096, boot.get("readBytes").asLong());
        assertEquals(512, boot.get("writtenBytes").asLong());
        machine.logout();
      }
      JsonNode boots = commands.run("client", "history", "alpha", "--json").json().get("boots");
      assertEquals(1, boots.get(0).get("generation").asLong());
    }
    String kept = commands.run("client", "history", "alpha").out();
    assertTrue(kept.contains("boot 1, ") && kept.contains("read 4K, written 512"), kept);
    assertTrue(kept.contains("first write"), kept);
    commands.done("client", "remove", "alpha");
    commands.done("client", "add", "alpha", "--image", "debian");
    assertTrue(commands.run("client", "history", "alpha").out().contains("has not booted yet"));
    assertTrue(commands.failed("client", "history", "ghost").contains("'ghost'"));
  }

  private static Initiator login(Server server, JsonNode client) throws IOException {
    return login(server, client, LINUX);
  }

  /** A session whose first unit attention has been taken. */
  private static Initiator login(Server server, JsonNode client, Isid isid) throws IOException {
    Initiator machine =
        Initiator.login(
            CommandLineHarness.portal(server),
            LoginOptions.normal(MACHINE, client.get("target").asText()).withIsid(isid),
            PATIENCE);
    byte[] testUnitReady = new byte[16];
    for (int i = 0; i < 3 && !machine.read(0, testUnitReady, 0).good(); i++) {
      // 06/29/00: every new session begins with one.
    }
    return machine;
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
