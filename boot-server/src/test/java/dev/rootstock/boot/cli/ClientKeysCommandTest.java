// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** By what a machine is known, and how that is changed. */
class ClientKeysCommandTest {
  private static final String MAC = "52:54:00:77:00:01";
  private static final String UUID = "11223344-5566-7788-99aa-bbccddeeff00";
  private static final String SWAPPED = "44332211-6655-8877-99aa-bbccddeeff00";
  private static final String CIRCUIT = "relay=10.88.0.254,circuit=ge-0/0/1";

  @TempDir private Path folder;
  private CommandLineHarness commands;

  @BeforeEach
  void addAClient() throws Exception {
    commands = new CommandLineHarness(folder);
    commands.importDebian();
    commands.done("client", "add", "alpha", "--image", "debian", "--mac", MAC);
  }

  private JsonNode set(String... words) throws Exception {
    String[] all = new String[words.length + 4];
    System.arraycopy(new String[] {"client", "set", "alpha"}, 0, all, 0, 3);
    System.arraycopy(words, 0, all, 3, words.length);
    all[all.length - 1] = "--json";
    return commands.run(all).json();
  }

  @Test
  void everyKeyCanBeSetLater() throws Exception {
    JsonNode alpha =
        set(
            "--mac",
            "52:54:00:77:00:02",
            "--mac",
            "52:54:00:77:00:03",
            "--uuid",
            UUID,
            "--circuit",
            CIRCUIT,
            "--initiator",
            "iqn.2001-04.com.example:alpha");
    assertEquals("[\"52:54:00:77:00:02\",\"52:54:00:77:00:03\"]", alpha.get("macs").toString());
    assertEquals(UUID, alpha.get("uuid").asText());
    assertEquals("[\"" + CIRCUIT + "\"]", alpha.get("circuits").toString());
    assertEquals("[\"iqn.2001-04.com.example:alpha\"]", alpha.get("initiators").toString());
  }

  @Test
  void noneTakesAKeyAway() throws Exception {
    set("--uuid", UUID, "--circuit", CIRCUIT);
    JsonNode alpha = set("--mac", "none", "--circuit", "none");
    assertTrue(alpha.get("macs").isEmpty());
    assertTrue(alpha.get("circuits").isEmpty());
    assertEquals(UUID, alpha.get("uuid").asText());
    assertFalse(alpha.get("open").asBoolean());
    assertTrue(set("--uuid", "none").get("open").asBoolean());
  }

  @Test
  void whatIsNotSaidStays() throws Exception {
    JsonNode alpha = set("--address", "10.77.0.20");
    assertEquals("[\"" + MAC + "\"]", alpha.get("macs").toString());
    assertEquals("10.77.0.20", alpha.get("address").asText());
    assertTrue(set("--address", "none").get("address").isNull());
  }

  @Test
  void aUuidIsOneClientsInEitherOrder() {
    commands.done("client", "set", "alpha", "--uuid", UUID);
    String refused =
        commands.failed("client", "add", "beta", "--image", "debian", "--uuid", SWAPPED);
    assertTrue(refused.contains("belongs to client 'alpha' already"), refused);
  }

  @Test
  void aCircuitIsOneClients() {
    commands.done("client", "set", "alpha", "--circuit", CIRCUIT);
    String refused =
        commands.failed("client", "add", "beta", "--image", "debian", "--circuit", CIRCUIT);
    assertTrue(
        refused.contains("circuit " + CIRCUIT + " belongs to client 'alpha' already"), refused);
  }

  @Test
  void aClientThatAnybodyCanNameIsWarnedOf() throws Exception {
    assertEquals(1, set("--uuid", UUID).get("warnings").size());
    String added =
        commands.done("client", "add", "beta", "--image", "debian", "--circuit", CIRCUIT);
    assertTrue(added.contains("known by its initiator name only"), added);
    assertTrue(
        commands.done("client", "show", "beta").contains("known by its initiator name only"));
    assertTrue(set("--address", "10.77.0.20").get("warnings").isEmpty());
    assertTrue(
        set("--address", "none", "--initiator", "iqn.2001-04.com.example:alpha")
            .get("warnings")
            .isEmpty());
  }

  @Test
  void nothingToSetIsWrongUsage() {
    assertEquals(Command.WRONG_USAGE, commands.run("client", "set", "alpha").status());
  }

  @Test
  void aNewClientWithoutImageAndGroupIsWrongUsage() {
    assertEquals(Command.WRONG_USAGE, commands.run("client", "add", "beta").status());
  }
}
