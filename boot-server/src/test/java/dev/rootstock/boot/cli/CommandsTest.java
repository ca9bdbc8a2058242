// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rootstock.boot.clients.Registry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Commands that work on data without a server. */
class CommandsTest {
  private static final String MACHINE = "iqn.2000-01.com.example:machine";

  @TempDir Path folder;
  private CommandLineHarness commands;

  @BeforeEach
  void configure() throws Exception {
    commands = new CommandLineHarness(folder);
  }

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
}
