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

/** Groups of clients, from the command line down to the registry. */
class GroupCommandsTest {
  @TempDir private Path folder;
  private CommandLineHarness commands;

  @BeforeEach
  void makeAGroupWithAClient() throws Exception {
    commands = new CommandLineHarness(folder);
    commands.importDebian();
    commands.done(
        "group", "add", "lab", "--image", "debian", "--mode", "ephemeral", "--limit", "1M");
    commands.done("client", "add", "alpha", "--group", "lab", "--mac", "52:54:00:77:00:01");
  }

  private JsonNode client(String name) throws Exception {
    return commands.run("client", "show", name, "--json").json();
  }

  @Test
  void aClientHasWhatItsGroupSays() throws Exception {
    JsonNode alpha = client("alpha");
    assertEquals("debian", alpha.get("image").asText());
    assertEquals("ephemeral", alpha.get("mode").asText());
    assertEquals(1 << 20, alpha.get("limitBytes").asLong());
    assertEquals("lab", alpha.get("group").asText());
    assertEquals(
        "{\"image\":\"group\",\"mode\":\"group\",\"size\":\"default\",\"limit\":\"group\",\"secure-boot\":\"default\",\"install\":\"default\",\"menu\":\"default\"}",
        alpha.get("sources").toString());
  }

  @Test
  void showSaysWhatIsOfTheGroup() {
    String shown = commands.done("client", "show", "alpha");
    assertTrue(shown.contains("ephemeral (of its group)"), shown);
    commands.done("client", "set", "alpha", "--mode", "persistent");
    shown = commands.done("client", "show", "alpha");
    assertFalse(shown.contains("persistent (of its group)"), shown);
  }

  @Test
  void whatAClientSaysItselfGoesFirstUntilItIsUnset() throws Exception {
    commands.done("client", "set", "alpha", "--mode", "read-only", "--limit", "0");
    assertEquals("read-only", client("alpha").get("mode").asText());
    assertTrue(client("alpha").get("limitBytes").isNull());
    assertEquals("client", client("alpha").get("sources").get("limit").asText());
    commands.done("client", "set", "alpha", "--unset", "mode", "--unset", "limit");
    assertEquals("ephemeral", client("alpha").get("mode").asText());
    assertEquals(1 << 20, client("alpha").get("limitBytes").asLong());
  }

  @Test
  void anInstallationIsSwitchedOnAndOff() throws Exception {
    assertFalse(client("alpha").get("install").asBoolean());
    assertFalse(commands.done("client", "show", "alpha").contains("not booted from"));
    commands.done("group", "set", "lab", "--install", "true");
    assertTrue(client("alpha").get("install").asBoolean());
    assertEquals("group", client("alpha").get("sources").get("install").asText());
    assertTrue(
        commands
            .done("client", "show", "alpha")
            .contains("its disk is attached, not booted from (of its group)"));
    commands.done("client", "set", "alpha", "--install", "false");
    assertFalse(client("alpha").get("install").asBoolean());
    commands.done("client", "set", "alpha", "--unset", "install");
    assertTrue(client("alpha").get("install").asBoolean());
    assertTrue(commands.run("group", "show", "lab", "--json").json().get("install").asBoolean());
    commands.done("group", "set", "lab", "--unset", "install");
    assertFalse(client("alpha").get("install").asBoolean());
    commands.done("client", "add", "beta", "--image", "debian", "--install", "true");
    assertTrue(client("beta").get("install").asBoolean());
    CommandLineHarness.Result wrong = commands.run("client", "set", "beta", "--install", "yes");
    assertEquals(2, wrong.status());
    assertTrue(
        wrong.err().contains("'--install yes' is not known: use true or false"), wrong.err());
  }

  @Test
  void aChangeOfTheGroupIsItsClients() throws Exception {
    commands.done("group", "set", "lab", "--mode", "read-only", "--unset", "limit");
    assertEquals("read-only", client("alpha").get("mode").asText());
    assertTrue(client("alpha").get("limitBytes").isNull());
  }

  @Test
  void aChangeThatAClientCouldNotBeWithIsRefusedWhole() throws Exception {
    commands.done("client", "set", "alpha", "--size", "2M");
    String refused = commands.failed("group", "set", "lab", "--mode", "read-only", "--limit", "2M");
    assertTrue(refused.contains("client 'alpha'"), refused);
    assertEquals("ephemeral", client("alpha").get("mode").asText());
    assertEquals(1 << 20, client("alpha").get("limitBytes").asLong());
  }

  @Test
  void aGroupKeepsTheImageThatAClientNeeds() throws Exception {
    String refused = commands.failed("group", "set", "lab", "--unset", "image");
    assertTrue(refused.contains("client 'alpha' has no image"), refused);
    commands.done("client", "set", "alpha", "--image", "debian@1");
    commands.done("group", "set", "lab", "--unset", "image");
    assertEquals("debian@1", client("alpha").get("image").asText());
  }

  @Test
  void aGroupInUseIsNotRemovedAndItsClientsAreNamed() throws Exception {
    String refused = commands.failed("group", "remove", "lab");
    assertTrue(refused.contains("alpha"), refused);
    commands.done("client", "set", "alpha", "--group", "none", "--image", "debian");
    commands.done("group", "remove", "lab");
    assertEquals("{\"groups\":[]}", commands.run("group", "list", "--json").json().toString());
  }

  @Test
  void aClientThatLeavesItsGroupNeedsAnImage() {
    String refused = commands.failed("client", "set", "alpha", "--group", "none");
    assertTrue(refused.contains("has no image"), refused);
  }

  @Test
  void groupsAreListedAndShownWithTheirClients() throws Exception {
    JsonNode shown = commands.run("group", "show", "lab", "--json").json();
    assertEquals(
        "{\"name\":\"lab\",\"image\":\"debian\",\"mode\":\"ephemeral\",\"sizeBytes\":null,\"limitBytes\":1048576,\"secureBoot\":null,\"install\":null,\"menu\":null,\"clients\":[\"alpha\"]}",
        shown.toString());
    String listed = commands.done("group", "list");
    assertTrue(listed.lines().anyMatch(line -> line.startsWith("lab ")), listed);
  }

  @Test
  void aGroupOfThatNameIsNeeded() {
    for (String[] words :
        new String[][] {
          {"group", "show", "none-such"},
          {"group", "set", "none-such", "--mode", "ephemeral"},
          {"group", "remove", "none-such"},
          {"client", "set", "alpha", "--group", "none-such"}
        }) {
      String refused = commands.failed(words);
      assertTrue(refused.contains("no group is called 'none-such'"), refused);
    }
  }

  @Test
  void aSecondGroupOfANameIsRefused() {
    String refused = commands.failed("group", "add", "lab", "--mode", "persistent");
    assertTrue(refused.contains("'lab' is there already"), refused);
  }

  @Test
  void anImageThatAGroupNamesStays() throws Exception {
    commands.done(
        "image", "import", commands.image("more.raw", 1 << 20).toString(), "--name", "debian");
    commands.done("group", "add", "old", "--image", "debian@1");
    String refused = commands.failed("image", "remove", "debian@1");
    assertTrue(refused.contains("group old"), refused);
  }
}
