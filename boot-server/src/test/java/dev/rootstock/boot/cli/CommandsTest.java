// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.serve.Server;
import dev.rootstock.target.Isid;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.initiator.LoginRefusedException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Commands that work on data, with a server and without. */
class CommandsTest {
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

  // ---- without a server ----

  @Test
  void anImageIsImportedListedAndVerified() throws Exception {
    Path file = commands.image("debian.raw", 3 * 512);
    JsonNode imported =
        commands.run("image", "import", file.toString(), "--name", "debian", "--json").json();
    assertEquals(1, imported.get("version").asInt());
    assertEquals(3 * 512, imported.get("sizeBytes").asLong());
    commands.done("image", "import", file.toString(), "--name", "debian");
    JsonNode images = commands.run("image", "list", "--json").json().get("images");
    assertEquals(2, images.size());
    assertFalse(images.get(0).get("default").asBoolean());
    assertTrue(images.get(1).get("default").asBoolean());
    assertTrue(commands.done("image", "list").contains("debian@2  yes"));
    assertTrue(commands.done("image", "verify", "debian@1").contains("debian@1 is intact"));
  }

  @Test
  void anImageThatHasChangedFailsItsVerification() throws Exception {
    commands.importDebian();
    Path golden = commands.data.resolve("images/debian/1.raw");
    byte[] bytes = Files.readAllBytes(golden);
    bytes[1000] ^= 1;
    assertTrue(golden.toFile().setWritable(true));
    Files.write(golden, bytes);
    assertTrue(commands.failed("image", "verify", "debian").contains("debian@1 has changed"));
  }

  @Test
  void theDefaultVersionGoesBackAndAVersionThatAClientNamesStays() throws Exception {
    commands.importDebian();
    commands.done(
        "image", "import", commands.image("two.raw", 2 << 20).toString(), "--name", "debian");
    assertTrue(commands.done("image", "default", "debian@1").startsWith("new boots get debian@1;"));
    JsonNode images = commands.run("image", "show", "debian", "--json").json().get("images");
    assertTrue(images.get(0).get("default").asBoolean());
    assertFalse(images.get(1).get("default").asBoolean());
    commands.done("client", "add", "alpha", "--image", "debian@2", "--initiator", MACHINE);
    assertEquals(
        "debian@2 is in use by alpha: remove what uses it, or give it another version first",
        commands.failed("image", "remove", "debian@2"));
    assertTrue(commands.failed("image", "remove", "debian").contains("say which version"));
    commands.done("client", "remove", "alpha");
    assertEquals("removed debian@2\n", commands.done("image", "remove", "debian@2"));
    commands.done("client", "add", "alpha", "--image", "debian", "--initiator", MACHINE);
    assertTrue(
        commands
            .failed("image", "remove", "debian@1")
            .contains("which is what these boot from: alpha; give them another image first"));
    assertTrue(commands.done("image", "show", "debian@1").contains("used by  nobody"));
  }

  @Test
  void whatIsExportedIsWhatWasImported() throws Exception {
    commands.importDebian();
    Path out = folder.resolve("out.qcow2");
    commands.done("image", "export", "debian", out.toString());
    commands.done("image", "import", out.toString(), "--name", "again");
    JsonNode images = commands.run("image", "list", "--json").json().get("images");
    assertEquals(images.get(1).get("sha256"), images.get(0).get("sha256"));
    assertTrue(
        commands.failed("image", "export", "debian", out.toString()).contains("is there already"));
    assertTrue(
        commands
            .failed("image", "export", "debian", folder.resolve("out").toString())
            .contains("add --format"));
  }

  @Test
  void aBlankImageIsMade() throws Exception {
    assertEquals(
        "made empty@1, a blank disk of 5M\n",
        commands.done("image", "create", "empty", "--size", "5M"));
    assertTrue(commands.done("image", "show", "empty").contains("of a blank disk"));
  }

  @Test
  void aClientThatNeverBootedHasNothingToPublish() throws Exception {
    commands.importDebian();
    commands.done("client", "add", "alpha", "--image", "debian", "--initiator", MACHINE);
    assertEquals(
        "alpha has no disk of its own; its next boot makes one, unless it is read-only",
        commands.failed("image", "publish", "debian", "--from-client", "alpha"));
  }

  @Test
  void aClientIsAddedShownListedAndRemoved() throws Exception {
    commands.importDebian();
    JsonNode added =
        commands
            .run(
                "client",
                "add",
                "alpha",
                "--image",
                "debian@1",
                "--mac",
                "52-54-00-77-00-01",
                "--mac",
                "52:54:00:77:00:02",
                "--uuid",
                "11111111-2222-4333-8444-555555555555",
                "--initiator",
                MACHINE,
                "--mode",
                "ephemeral",
                "--address",
                "10.77.0.20",
                "--size",
                "2M",
                "--json")
            .json();
    assertEquals("52:54:00:77:00:01", added.get("macs").get(0).asText());
    assertEquals(2 << 20, added.get("sizeBytes").asLong());
    assertFalse(added.get("open").asBoolean());
    assertEquals("new", added.get("stage").asText());
    assertEquals(added, commands.run("client", "show", "alpha", "--json").json());
    assertEquals(added, commands.run("client", "list", "--json").json().get("clients").get(0));
    String text = commands.done("client", "show", "alpha");
    assertTrue(text.contains("mode       ephemeral"), text);
    assertEquals("removed alpha and what it wrote\n", commands.done("client", "remove", "alpha"));
    assertTrue(commands.done("client", "list").startsWith("no clients"));
  }

  private static final String OWN_DHCP =
      "server: 10.77.0.1\n"
          + "dhcp: {mode: server, interface: br0, range: 10.77.0.100-10.77.0.199,"
          + " router: 10.77.0.254}\n";

  @Test
  void aClientKnownByUuidAloneIsAddedBesideOurDhcp() throws Exception {
    commands = new CommandLineHarness(folder, OWN_DHCP);
    commands.importDebian();
    String uuid = "11111111-2222-4333-8444-555555555555";
    JsonNode added =
        commands
            .run("client", "add", "alpha", "--image", "debian", "--uuid", uuid, "--json")
            .json();
    assertEquals(uuid, added.get("uuid").asText());
    assertTrue(added.get("warnings").isEmpty(), added.toString());
  }

  @ParameterizedTest
  @CsvSource({"10.77.0.1", "10.77.0.254"})
  void theServersAndTheRoutersAddressAreNoClients(String address) throws Exception {
    commands = new CommandLineHarness(folder, OWN_DHCP);
    commands.importDebian();
    assertTrue(
        commands
            .failed("client", "add", "alpha", "--image", "debian", "--address", address)
            .startsWith(address + " is the server's or the router's address"));
  }

  @Test
  void aDataDirectoryThatIsMadeIsItsOwnersAlone() throws Exception {
    commands.importDebian();
    assertEquals(
        PosixFilePermissions.fromString("rwx------"), Files.getPosixFilePermissions(commands.data));
  }

  @Test
  void aClientWithoutAKeyIsCalledOpen() throws Exception {
    commands.importDebian();
    assertTrue(commands.done("client", "add", "alpha", "--image", "debian").contains("it is open"));
    assertTrue(commands.done("client", "show", "alpha").contains("keys       open"));
    assertTrue(commands.done("client", "list").contains("  open  "));
  }

  @Test
  void identitiesStayTheSameBetweenCommands() throws Exception {
    commands.importDebian();
    commands.done("client", "add", "alpha", "--image", "debian");
    JsonNode before = commands.run("client", "show", "alpha", "--json").json();
    commands.done("client", "remove", "alpha");
    commands.done("client", "add", "alpha", "--image", "debian");
    JsonNode after = commands.run("client", "show", "alpha", "--json").json();
    assertEquals(before.get("target"), after.get("target"));
    assertEquals(before.get("initiator"), after.get("initiator"));
  }

  /** Each of them: one line, exit 1, and not one file more or less than before. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          image import none.raw --name x             | there is no file
          image import odd.raw --name x              | no multiple of 512
          image import empty.raw --name x            | empty.raw
          image import . --name x                    | is a folder
          image import good.raw --name a..b          | image name 'a..b' is not allowed
          image import good.raw --name X             | image name 'X' is not allowed
          image import good.raw --name x --format qcow2 | good.raw: offset 0: no qcow2 magic number
          image export debian no/such/out.raw        | to write
          image verify ghost                         | there is no image 'ghost'
          image verify debian@9                      | there is no version 'debian@9': there is debian@1
          image verify debian@                       | 'debian@' names no image
          client add a..b --image debian             | client name 'a..b' is not allowed
          client add -- -a --image debian            | 'client add' does not take '--image'
          client add Alpha --image debian            | client name 'Alpha' is not allowed
          client add old --image debian              | client 'old' is there already
          client add new --image ghost               | there is no image 'ghost'
          client add new --image debian@2            | there is no version 'debian@2'
          client add new --image debian --mode fast  | use one of persistent, ephemeral, memory, read-only
          client add new --image debian --mode fast  | mode 'fast' is unknown
          client add new --image debian --mac 52:54  | '52:54' is no MAC address
          client add new --image debian --mac ff:ff:ff:ff:ff:ff | belongs to no single machine
          client add new --image debian --mac 52:54:00:77:00:01 | belongs to client 'old' already: take it from there first
          client add new --image debian --mac 52:54:00:77:00:09 --mac 52:54:00:77:00:09 | stands twice
          client add new --image debian --uuid 1-2-3-4-5 | '1-2-3-4-5' is no UUID
          client add new --image debian --initiator bob | 'bob' is no initiator name
          client add new --image debian --address 10.0.0.999 | '10.0.0.999' is no IPv4 address
          client add new --image debian --address 224.0.0.1 | '224.0.0.1' is no IPv4 address
          client add new --image debian --size 1000  | must be a positive multiple of 512
          client add new --image debian --size 512K  | a disk of 524288 bytes is too small
          client add new --image debian --size 2M --mode read-only | a read-only disk has its image's size
          client add new --image debian --seed none  | there is no folder none: name the one that holds network-config, user-data, vendor-data
          client add new --image debian --ssh-key none | there is no file none
          client set old --image debian@1 --rebase   | client old: it has never booted and has no disk of its own
          client chap old --secret-file none         | there is no file none: write the secret into it
          client snapshot old --remove x             | client 'old' has no snapshot 'x': 'rootstock client show old' lists them
          client check old                           | old has no disk of its own; its next boot makes one
          client show ghost                          | no client is called 'ghost'
          client boot ghost                          | no client is called 'ghost'
          client reset ghost                         | no client is called 'ghost'
          client remove ghost                        | no client is called 'ghost'
          """)
  void badInputIsOneLineAndLeavesNothingBehind(String words, String expected) throws Exception {
    commands.importDebian();
    commands.done("client", "add", "old", "--image", "debian", "--mac", "52:54:00:77:00:01");
    commands.image("good.raw", 512);
    commands.image("odd.raw", 1000);
    commands.image("empty.raw", 0);
    List<String> before = CommandLineHarness.tree(folder);
    byte[] registry = Files.readAllBytes(commands.data.resolve(Registry.FILE));
    String[] split = words.split(" +");
    if (split[1].equals("import")) {
      split[2] = folder.resolve(split[2]).toString();
    }
    CommandLineHarness.Result result = commands.run(split);
    assertEquals(words.contains(" -- ") ? Command.WRONG_USAGE : Command.FAILED, result.status());
    String line = CommandLineHarness.oneLine(result);
    assertTrue(line.contains(expected), line);
    assertEquals(before, CommandLineHarness.tree(folder));
    assertTrue(Arrays.equals(registry, Files.readAllBytes(commands.data.resolve(Registry.FILE))));
  }

  @Test
  void aNameThatFirmwareCouldNotBeToldIsRefused() throws Exception {
    String prefix = "iqn.2026-11." + "a".repeat(190);
    CommandLineHarness longPrefix =
        new CommandLineHarness(folder, "iscsi: {name-prefix: \"%s\"}\n".formatted(prefix));
    longPrefix.importDebian();
    longPrefix.done("client", "add", "a".repeat(10), "--image", "debian");
    String line = longPrefix.failed("client", "add", "a".repeat(11), "--image", "debian");
    assertTrue(line.contains("is too long") && line.contains("224 bytes"), line);
  }

  @ParameterizedTest
  @CsvSource({
    "image list",
    "image verify debian",
    "client list",
    "client add a --image b",
    "client remove a"
  })
  void withoutADataDirectoryNothingIsMade(String words) throws Exception {
    List<String> before = CommandLineHarness.tree(folder);
    String line = commands.failed(words.split(" "));
    assertTrue(line.startsWith("there is no data directory " + commands.data + ": "), line);
    assertEquals(before, CommandLineHarness.tree(folder));
  }

  @Test
  void anImportThatFailsLeavesNoNewDataDirectory() throws Exception {
    Path odd = commands.image("odd.raw", 1000);
    List<String> before = CommandLineHarness.tree(folder);
    commands.failed("image", "import", odd.toString(), "--name", "x");
    assertEquals(before, CommandLineHarness.tree(folder));
  }

  // ---- what a server cannot start with ----

  @Test
  void aPortThatIsTakenIsNamedAndNothingIsMade() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String portal = "127.0.0.1:" + taken.getLocalPort();
      CommandLineHarness busy =
          new CommandLineHarness(folder, "iscsi: {listen: [\"%s\"]}\n".formatted(portal));
      List<String> before = CommandLineHarness.tree(folder);
      String line = busy.failed("serve");
      assertTrue(line.contains(portal), line);
      assertEquals(before, CommandLineHarness.tree(folder));
    }
  }

  /** Another program may take one port in between, and not one after the other. */
  @Test
  void aSecondPortThatIsTakenLeavesTheFirstFree() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      for (int attempt = 1; ; attempt++) {
        int free;
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
          free = probe.getLocalPort();
        }
        CommandLineHarness busy =
            new CommandLineHarness(
                folder,
                "iscsi: {listen: [\"127.0.0.1:%d\", \"127.0.0.1:%d\"]}\n"
                    .formatted(free, taken.getLocalPort()));
        busy.failed("serve");
        try {
          new ServerSocket(free, 1, InetAddress.getLoopbackAddress()).close();
          return;
        } catch (BindException e) {
          assertTrue(attempt < 10, e.toString());
        }
      }
    }
  }

  @Test
  void anInterfaceThatIsMissingIsNamedAndNothingIsMade() throws Exception {
    CommandLineHarness missing =
        new CommandLineHarness(
            folder,
            """
            iscsi: {listen: ["127.0.0.1:0"]}
            dhcp: {mode: server, interface: nope0, range: 10.0.0.1-10.0.0.9}
            """);
    List<String> before = CommandLineHarness.tree(folder);
    String line = missing.failed("serve");
    assertTrue(line.startsWith("there is no network interface 'nope0'"), line);
    assertEquals(before, CommandLineHarness.tree(folder));
  }

  @Test
  void aRangeOutsideTheInterfacesNetworkIsRefused() throws Exception {
    CommandLineHarness wrong =
        new CommandLineHarness(
            folder, "dhcp: {mode: server, interface: lo, range: 10.9.0.1-10.9.0.9}\n");
    List<String> before = CommandLineHarness.tree(folder);
    String line = wrong.failed("serve");
    assertTrue(line.contains("the range 10.9.0.1-10.9.0.9 is not inside 127.0.0.1/8"), line);
    assertEquals(before, CommandLineHarness.tree(folder));
  }

  @Test
  void clientsAreNotSentToAnAddressThatNobodyListensOn() throws Exception {
    CommandLineHarness wrong =
        new CommandLineHarness(folder, "server: 192.0.2.1\niscsi: {listen: [\"127.0.0.1:0\"]}\n");
    String line = wrong.failed("serve");
    assertTrue(line.contains("192.0.2.1") && line.contains("iscsi.listen"), line);
  }

  @Test
  void aDataDirectoryInUseIsRefusedNamingItsUser() throws Exception {
    try (Server server = commands.serve()) {
      List<String> before = CommandLineHarness.tree(folder);
      String line = commands.failed("serve");
      assertTrue(line.contains(commands.data + " is in use by this process"), line);
      assertEquals(before, CommandLineHarness.tree(folder));
      assertEquals(1, server.ready().size());
    }
  }

  @Test
  void aDamagedRegistryStopsTheStartAndStays() throws Exception {
    commands.importDebian();
    Path registry = commands.data.resolve(Registry.FILE);
    Files.writeString(registry, "no registry\nat all\n");
    String line = commands.failed("serve");
    assertTrue(line.contains(registry + " is damaged: the record at byte 0"), line);
    assertEquals("no registry\nat all\n", Files.readString(registry));
  }

  // ---- through a running server ----

  @Test
  void aStoppedServerLeavesNoSocketBehind() throws Exception {
    commands.serve().close();
    assertFalse(CommandLineHarness.tree(folder).contains("data/control.sock"));
    commands.importDebian();
  }

  /** A command that was under way is told, and does not hold the stop up. */
  @Test
  void aStopUnderACommandLeavesNothingHalfMade() throws Exception {
    Path image = folder.resolve("big.raw");
    try (RandomAccessFile sparse = new RandomAccessFile(image.toFile(), "rw")) {
      sparse.setLength(8L << 30);
    }
    CompletableFuture<CommandLineHarness.Result> running;
    try (Server server = commands.serve()) {
      assertFalse(server.ready().isEmpty());
      running =
          CompletableFuture.supplyAsync(
              () -> commands.run("image", "import", image.toString(), "--name", "big"));
      Path images = commands.data.resolve("images");
      for (int i = 0; i < 2_400 && CommandLineHarness.tree(images).size() == 1; i++) {
        Thread.sleep(25);
      }
    }
    CommandLineHarness.Result result = running.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    assertEquals(Command.FAILED, result.status(), result.out());
    CommandLineHarness.oneLine(result);
    assertTrue(commands.done("image", "list").startsWith("no images"));
  }

  @Test
  void onlyTheServersUserMayCommandIt() throws Exception {
    try (Server server = commands.serve()) {
      assertFalse(server.ready().isEmpty());
      assertEquals(
          "rw-------",
          PosixFilePermissions.toString(
              Files.getPosixFilePermissions(commands.data.resolve("control.sock"))));
    }
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

  @Test
  void onlyMachinesThatWaitAreApprovedAndOnlyCardsAreWoken() throws Exception {
    commands.importDebian();
    assertTrue(commands.run("client", "pending").err().contains("policy: pending"));
    Files.writeString(commands.configuration, "data: data\nunknown-clients: {policy: pending}\n");
    assertTrue(commands.run("client", "pending").out().contains("no machine waits"));
    CommandLineHarness.Result stranger =
        commands.run(
            "client", "approve", "52:54:00:77:00:09", "--name", "new", "--image", "debian");
    assertEquals(1, stranger.status());
    assertTrue(stranger.err().contains("no machine 52:54:00:77:00:09 waits"), stranger.err());
    commands.done("client", "add", "alpha", "--image", "debian");
    CommandLineHarness.Result cardless = commands.run("client", "wake", "alpha");
    assertEquals(1, cardless.status());
    assertTrue(cardless.err().contains("no network card"), cardless.err());
  }

  @Test
  void otherDhcpServersGetAConfigurationOfOurClients() throws Exception {
    commands.importDebian();
    commands.done(
        "client",
        "add",
        "alpha",
        "--image",
        "debian",
        "--mac",
        "52:54:00:77:00:01",
        "--address",
        "10.77.0.20");
    CommandLineHarness.Result withoutServer = commands.run("dhcp-config", "isc");
    assertEquals(1, withoutServer.status());
    assertTrue(withoutServer.err().contains("configure 'server'"), withoutServer.err());

    Files.writeString(commands.configuration, "data: data\nserver: 10.77.0.1\n");
    String isc = commands.run("dhcp-config", "isc", "--network", "10.77.0.0/25").out();
    assertTrue(isc.contains("subnet 10.77.0.0 netmask 255.255.255.128 {"), isc);
    assertTrue(isc.contains("fixed-address 10.77.0.20;"), isc);
    assertTrue(isc.contains("option root-path \"iscsi:10.77.0.1::::iqn."), isc);
    String kea = commands.run("dhcp-config", "kea", "--json").json().get("configuration").asText();
    assertTrue(kea.contains("\"hw-address\": \"52:54:00:77:00:01\""), kea);
    assertFalse(kea.contains("HTTPClient"), kea);
    assertFalse(kea.contains("080101"), kea);
    Files.writeString(
        commands.configuration,
        """
        data: data
        server: 10.77.0.1
        tftp: { enabled: true }
        http: { listen: ["0.0.0.0:80"] }
        """);
    String byHttp = commands.run("dhcp-config", "dnsmasq").out();
    assertTrue(byHttp.contains("tag:!ipxe,http://10.77.0.1:80/boot/"), byHttp);
    assertEquals(2, commands.run("dhcp-config", "windows").status());
    assertEquals(1, commands.run("dhcp-config", "kea", "--network", "10.77/8").status());
  }

  @Test
  void otherDhcpServersAreToldOfEveryKeyAndOfWhatTheyCannotDo() throws Exception {
    commands.importDebian();
    Files.writeString(commands.configuration, "data: data\nserver: 10.77.0.1\n");
    String uuid = "4c4c4544-0042-3510-8052-b4c04f4d3232";
    add("by-uuid", "--uuid", uuid, "--address", "10.77.0.20");
    add("named", "--initiator", "iqn.2026-11.org.example:named");
    add("placed", "--circuit", "relay=10.77.0.2,circuit=ab,remote=0x00");
    add("anybody");
    add("elsewhere", "--mac", "52:54:00:77:00:02", "--address", "10.78.0.20");
    add("chooser", "--mac", "52:54:00:77:00:03", "--mode", "ephemeral", "--menu", "debian");
    commands.done("client", "chap", "chooser", "--each-boot", "--hand-out");
    add("installer", "--mac", "52:54:00:77:00:04", "--install", "true");
    String kea = commands.run("dhcp-config", "kea").out();
    for (String line :
        List.of(
            "option[97].hex == 0x004c4c4544004235108052b4c04f4d3232",
            "// give it its card too (--mac): a system that asks again tells no UUID",
            "option[203].hex == 'iqn.2026-11.org.example:named'",
            // Its disk is for that name only, so that is what it is told.
            "\"data\": \"iqn.2026-11.org.example:named\"",
            "pkt4.giaddr == 10.77.0.2 and relay4[1].hex == 0x6162 and relay4[2].hex == 0x00",
            "// left out: nothing says which machine it is; 'rootstock client set anybody --mac",
            "// left out: its address 10.78.0.20 is of another network",
            // Of the installer: keep-san, skip-san-boot and no-pxedhcp.
            "{ \"code\": 175, \"csv-format\": false, \"data\": \"080101090101B00101\" }",
            "// its secrets are made anew for each boot",
            "// its menu of images comes by Rootstock's script only; here it boots debian")) {
      assertTrue(kea.contains(line), line + " is not in " + kea);
    }
    assertFalse(kea.contains("52:54:00:77:00:02"), kea);
    String there = commands.run("dhcp-config", "isc", "--network", "10.78.0.0/24").out();
    assertTrue(there.contains("fixed-address 10.78.0.20;"), there);
    assertTrue(there.contains("# not at relay agent 10.77.0.2"), there);
  }

  private void add(String name, String... options) throws Exception {
    List<String> command = new ArrayList<>(List.of("client", "add", name, "--image", "debian"));
    command.addAll(List.of(options));
    commands.done(command.toArray(String[]::new));
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
