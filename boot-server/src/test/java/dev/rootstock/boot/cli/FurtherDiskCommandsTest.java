// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Disks of a client's own, and seed disks, by the command line and over iSCSI. */
class FurtherDiskCommandsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String MACHINE = "iqn.2000-01.com.example:machine";
  private static final Isid LINUX = new Isid(0x0002_3d00_0001L);
  private static final byte[] OURS = new byte[512];

  static {
    Arrays.fill(OURS, (byte) 0x77);
  }

  @TempDir Path folder;
  private CommandLineHarness commands;

  @BeforeEach
  void configure() throws Exception {
    commands = new CommandLineHarness(folder);
    commands.importDebian();
  }

  private JsonNode add(String... more) throws Exception {
    List<String> words =
        new ArrayList<>(
            List.of("client", "add", "alpha", "--image", "debian", "--initiator", MACHINE));
    words.addAll(List.of(more));
    words.add("--json");
    return commands.run(words.toArray(new String[0])).json();
  }

  private static Initiator login(Server server, JsonNode client, int... luns) throws IOException {
    Initiator machine =
        Initiator.login(
            CommandLineHarness.portal(server),
            LoginOptions.normal(MACHINE, client.get("target").asText()).withIsid(LINUX),
            PATIENCE);
    for (int lun : luns) {
      for (int i = 0; i < 3 && !machine.read(lun, new byte[16], 0).good(); i++) {
        // 06/29/00: every new session begins with one.
      }
    }
    return machine;
  }

  @Test
  void aDiskOfItsOwnIsWrittenExportedAndDropped() throws Exception {
    JsonNode alpha = add("--disk", "new:1M", "--disk", "debian@1");
    JsonNode own = alpha.get("disks").get(0);
    assertEquals(1, own.get("lun").asInt());
    assertEquals("own", own.get("kind").asText());
    assertEquals(1 << 20, own.get("sizeBytes").asLong());
    assertEquals("shared", alpha.get("disks").get(1).get("kind").asText());
    Path out = folder.resolve("out.raw");
    try (Server server = commands.serve();
        Initiator machine = login(server, alpha, 1)) {
      assertTrue(machine.writeBlocks(1, 2047, OURS).good());
      assertFalse(machine.writeBlocks(1, 2048, OURS).good());
      assertTrue(
          commands
              .failed("client", "set", "alpha", "--drop-disk", "1")
              .endsWith("or use --force: its disk is taken away from it, and its boot ends"));
      commands.done("client", "export", "alpha", out.toString(), "--lun", "1");
      machine.logout();
    }
    byte[] exported = Files.readAllBytes(out);
    assertEquals(1 << 20, exported.length);
    assertArrayEquals(OURS, Arrays.copyOfRange(exported, 2047 * 512, 2048 * 512));
    commands.done("client", "check", "alpha");
    commands.done("client", "set", "alpha", "--drop-disk", "1");
    JsonNode left = commands.run("client", "show", "alpha", "--json").json().get("disks");
    assertEquals(1, left.size());
    assertEquals(2, left.get(0).get("lun").asInt());
    try (var files = Files.list(commands.data.resolve("clients/disks"))) {
      assertEquals(List.of(), files.toList());
    }
  }

  @Test
  void aBlankDiskWithoutItsWordIsToldHowItIsWritten() throws Exception {
    add();
    CommandLineHarness.Result result = commands.run("client", "set", "alpha", "--disk", "16M");
    assertEquals(Command.WRONG_USAGE, result.status());
    assertTrue(result.err().contains("a blank disk is written new:16M"), result.err());
  }

  @Test
  void itStaysOverResetAndANewOneTakesTheLowestLunThatIsFree() throws Exception {
    JsonNode alpha = add("--disk", "debian@1", "--disk", "new:1M");
    try (Server server = commands.serve();
        Initiator machine = login(server, alpha, 2)) {
      assertTrue(machine.writeBlocks(2, 0, OURS).good());
      machine.logout();
    }
    commands.done("client", "set", "alpha", "--drop-disk", "1");
    commands.done("client", "set", "alpha", "--disk", "new:2M");
    commands.done("client", "reset", "alpha");
    try (Server server = commands.serve();
        Initiator machine = login(server, alpha, 1, 2)) {
      assertArrayEquals(new byte[512], machine.readBlocks(1, 4095, 1).data());
      assertArrayEquals(OURS, machine.readBlocks(2, 0, 1).data());
      machine.logout();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          client set alpha --drop-disk 3         | there is no further disk at LUN 3
          client set alpha --disk ghost@1        | there is no image 'ghost'
          client set alpha --disk debian         | does not say which version
          client set alpha --disk debian@1       | stands twice
          client export alpha out.raw --lun 1    | LUN 1 of client 'alpha' is debian@1
          client export alpha out.raw --lun 2    | its seed disk
          client export alpha out.raw --lun 9    | has no disk at LUN 9
          client set alpha --seed nowhere        | there is no folder nowhere
          client set alpha --ssh-key nowhere     | there is no file nowhere
          """)
  void whatCannotBeIsRefused(String command, String why) throws Exception {
    Path key = Files.writeString(folder.resolve("key.pub"), "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 a\n");
    add("--disk", "debian@1", "--ssh-key", key.toString());
    String said = commands.failed(command.strip().split(" +"));
    assertTrue(said.contains(why), said);
    assertEquals(2, commands.run("client", "show", "alpha", "--json").json().get("disks").size());
  }

  @Test
  void aPrivateKeyIsNoSeed() throws Exception {
    Path key =
        Files.writeString(folder.resolve("key"), "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n");
    assertTrue(
        commands
            .failed("client", "add", "alpha", "--image", "debian", "--ssh-key", key.toString())
            .contains("is no SSH public key"));
  }

  @Test
  void aSeedDiskComesGoesAndIsRead() throws Exception {
    Path seed = Files.createDirectory(folder.resolve("seed"));
    Files.writeString(seed.resolve("user-data"), "#cloud-config\nfinal_message: here\n");
    JsonNode alpha = add("--seed", seed.toString());
    assertEquals("seed", alpha.get("disks").get(0).get("kind").asText());
    try (Server server = commands.serve();
        Initiator machine = login(server, alpha, 1)) {
      byte[] first = machine.readBlocks(1, 0, 1).data();
      assertEquals("CIDATA", new String(first, 43, 6, StandardCharsets.US_ASCII));
      assertFalse(machine.writeBlocks(1, 0, OURS).good());
      machine.logout();
    }
    commands.done("client", "set", "alpha", "--no-seed");
    assertEquals(0, commands.run("client", "show", "alpha", "--json").json().get("disks").size());
    assertFalse(Files.exists(commands.data.resolve("seeds/alpha.json")));
  }

  @Test
  void aClientThatIsRefusedLeavesNoDisk() throws Exception {
    add("--disk", "new:1M");
    commands.failed("client", "add", "alpha", "--image", "debian", "--disk", "new:1M");
    try (var files = Files.list(commands.data.resolve("clients/disks"))) {
      assertEquals(1, files.count());
    }
  }

  @Test
  void aDiskThatNobodyKnowsIsSweptAwayAtTheNextStart() throws Exception {
    add("--disk", "new:1M");
    Path disks = commands.data.resolve("clients/disks");
    Path known;
    try (var files = Files.list(disks)) {
      known = files.findFirst().orElseThrow();
    }
    Path orphan =
        Files.copy(known, disks.resolve("alpha@00000000-0000-4000-8000-000000000000.qcow2"));
    commands.done("client", "list");
    assertFalse(Files.exists(orphan));
    assertTrue(Files.exists(known));
  }
}
