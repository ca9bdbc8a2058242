// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rootstock.boot.serve.Server;
import dev.rootstock.target.Isid;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.initiator.LoginRefusedException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A menu of images, from the command line and the script to the disk that is booted. */
class MenuCommandsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Isid FIRMWARE = new Isid(0x4000_2723_0001L);

  @TempDir private Path folder;
  private CommandLineHarness commands;

  @BeforeEach
  void importTwoImages() throws Exception {
    commands =
        new CommandLineHarness(
            folder,
            """
            server: 127.0.0.1
            iscsi: {listen: ["127.0.0.1:0"]}
            http: {listen: ["127.0.0.1:0"]}
            """);
    commands.importDebian();
    commands.done(
        "image", "import", commands.image("f.raw", 2 << 20).toString(), "--name", "fedora");
  }

  private void addWithMenu() {
    commands.done(
        "client", "add", "alpha", "--image", "debian", "--mode", "ephemeral", "--menu", "fedora");
  }

  private JsonNode alpha() throws Exception {
    return commands.run("client", "show", "alpha", "--json").json();
  }

  // ---- the setting ----

  @Test
  void aMenuHoldsTheClientsOwnImageToo() throws Exception {
    addWithMenu();
    assertEquals("[\"debian\",\"fedora\"]", alpha().get("menu").toString());
    assertTrue(commands.done("client", "show", "alpha").contains("debian fedora"));
    commands.done("client", "set", "alpha", "--menu", "fedora@1,debian");
    assertEquals("[\"fedora@1\",\"debian\"]", alpha().get("menu").toString(), "in their order");
    commands.done("client", "set", "alpha", "--menu", "none");
    assertEquals("[]", alpha().get("menu").toString());
  }

  @Test
  void aPersistentClientHasNoMenu() throws Exception {
    String refused =
        commands.failed("client", "add", "alpha", "--image", "debian", "--menu", "fedora");
    assertTrue(refused.contains("is persistent and its disk stands on one image"), refused);
    addWithMenu();
    refused = commands.failed("client", "set", "alpha", "--mode", "persistent");
    assertTrue(refused.contains("--menu none"), refused);
    commands.done("client", "set", "alpha", "--mode", "persistent", "--menu", "none");
    assertEquals("persistent", alpha().get("mode").asText());
  }

  @Test
  void aMenuWithAnImageThatIsNotThereIsRefused() {
    addWithMenu();
    for (String[] line :
        new String[][] {
          {"client", "set", "alpha", "--menu", "debian,suse"},
          {"group", "add", "lab", "--menu", "suse"},
          {"client", "set", "alpha", "--menu", "fedora@2"}
        }) {
      String refused = commands.failed(line);
      assertTrue(refused.contains("suse") || refused.contains("fedora@2"), refused);
    }
  }

  @Test
  void oneThatStandsTwiceOrIsNoNameIsRefused() {
    addWithMenu();
    String twice = commands.failed("client", "set", "alpha", "--menu", "fedora,fedora");
    assertTrue(twice.contains("twice in the menu"), twice);
    String noName = commands.failed("client", "set", "alpha", "--menu", "fedora,");
    assertTrue(noName.contains("names no image"), noName);
  }

  /** The disk has one size, whichever image is chosen. */
  @Test
  void anImageThatDoesNotFitTheDiskIsRefused() {
    addWithMenu();
    String refused = commands.failed("client", "set", "alpha", "--size", "1M");
    assertTrue(refused.contains("too small for fedora@1"), refused);
  }

  @Test
  void aGroupsMenuHoldsForItsClientsThatHaveNone() throws Exception {
    commands.done(
        "group", "add", "lab", "--image", "debian", "--mode", "ephemeral", "--menu", "fedora");
    commands.done("client", "add", "alpha", "--group", "lab");
    assertEquals("[\"debian\",\"fedora\"]", alpha().get("menu").toString());
    assertEquals("group", alpha().get("sources").get("menu").asText());
    assertTrue(commands.done("group", "show", "lab").contains("fedora"));
    commands.done("client", "set", "alpha", "--menu", "none");
    assertEquals("[]", alpha().get("menu").toString());
    commands.done("client", "set", "alpha", "--unset", "menu");
    assertEquals("[\"debian\",\"fedora\"]", alpha().get("menu").toString());
    String refused = commands.failed("group", "set", "lab", "--mode", "persistent");
    assertTrue(refused.contains("client 'alpha' is persistent"), refused);
  }

  @Test
  void whatAMenuNamesIsNotRemoved() {
    addWithMenu();
    commands.done("client", "set", "alpha", "--menu", "fedora@1");
    String refused = commands.failed("image", "remove", "fedora@1");
    assertTrue(refused.contains("alpha"), refused);
  }

  @Test
  void aMenuThatNobodyFetchesIsWarnedOf() throws Exception {
    addWithMenu();
    assertEquals("[]", alpha().get("warnings").toString());
    CommandLineHarness quiet = new CommandLineHarness(folder);
    String shown = quiet.done("client", "show", "alpha");
    assertTrue(shown.contains("configure 'http.listen'"), shown);
  }

  // ---- the way from the menu to the disk ----

  private static String get(Server server, String path) throws Exception {
    String line =
        server.ready().stream().filter(each -> each.startsWith("ready http ")).findFirst().get();
    URI uri = URI.create("http://" + line.substring("ready http ".length()) + path);
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client
          .send(
              HttpRequest.newBuilder(uri).timeout(PATIENCE).build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    }
  }

  /** After a choice too: what was chosen is the disk that an installer finds. */
  @Test
  void anInstallersScriptBootsFromNoDisk() throws Exception {
    addWithMenu();
    commands.done("client", "set", "alpha", "--install", "true");
    try (Server server = commands.serve()) {
      String script = get(server, menu(server) + "fedora");
      assertTrue(script.contains("\nsanhook --drive 0x80 iscsi:127.0.0.1:"), script);
      assertTrue(script.contains("\nexit 1\n"), script);
      assertFalse(script.contains("\nsanboot"), script);
    }
  }

  /** Fetches the menu and returns the path that a choice is appended to. */
  private static String menu(Server server) throws Exception {
    String script = get(server, "/script/alpha");
    assertTrue(script.contains("item debian debian\nitem fedora fedora\n"), script);
    return choosing(script);
  }

  private static String choosing(String script) {
    String from = "chain --replace --autofree ";
    int start = script.indexOf(from) + from.length();
    return script.substring(start, script.indexOf("${chosen}", start));
  }

  private void boot(Server server) throws Exception {
    LoginOptions options =
        LoginOptions.normal("iqn.2000-01.com.example:machine", alpha().get("target").asText());
    try (Initiator machine =
        Initiator.login(CommandLineHarness.portal(server), options.withIsid(FIRMWARE), PATIENCE)) {
      machine.logout();
    }
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!alpha().get("sessions").isEmpty()) {
      assertTrue(System.nanoTime() < deadline, "its session has not ended");
    }
  }

  private JsonNode status() throws Exception {
    return commands.run("status", "--json").json().get("clients").get(0);
  }

  @Test
  void theMachineBootsWhatWasChosenThatTimeAndItsOwnImageTheNext() throws Exception {
    addWithMenu();
    try (Server server = commands.serve()) {
      String script = get(server, menu(server) + "fedora");
      assertTrue(script.contains("sanhook --drive 0x80 iscsi:127.0.0.1:"), script);
      boot(server);
      assertEquals("fedora@1", status().get("bootedImage").asText());
      assertEquals("debian", status().get("image").asText());
      String history = commands.done("client", "history", "alpha");
      assertTrue(history.contains("127.0.0.1 on fedora@1 as "), history);
      assertTrue(commands.done("status").contains("fedora@1"));

      get(server, menu(server) + "debian");
      boot(server);
      assertEquals("debian@1", status().get("bootedImage").asText());
      assertEquals(2, status().get("generation").asInt());
    }
  }

  /** iPXE writes the at sign of a version as %40. */
  @Test
  void aVersionIsChosenAsIpxeWritesIt() throws Exception {
    commands.done(
        "image", "import", commands.image("f.raw", 2 << 20).toString(), "--name", "fedora");
    commands.done(
        "client", "add", "alpha", "--image", "debian", "--mode", "ephemeral", "--menu", "fedora@1");
    try (Server server = commands.serve()) {
      String script = get(server, "/script/alpha");
      assertTrue(script.contains("item fedora@1 fedora@1\n"), script);
      get(server, choosing(script) + "fedora%401");
      boot(server);
      assertEquals("fedora@1", status().get("bootedImage").asText());
    }
  }

  @Test
  void aMachineThatLogsInWithoutAChoiceBootsItsOwnImage() throws Exception {
    addWithMenu();
    try (Server server = commands.serve()) {
      menu(server);
      boot(server);
      assertEquals("debian@1", status().get("bootedImage").asText());
    }
  }

  @Test
  void whatTheAdministratorDoesNotAllowIsRefusedWithAReason() throws Exception {
    commands.done("image", "import", commands.image("s.raw", 512).toString(), "--name", "suse");
    addWithMenu();
    try (Server server = commands.serve()) {
      String script = get(server, menu(server) + "suse");
      assertTrue(script.contains("Rootstock: client alpha: its menu has no image suse"), script);
      assertFalse(script.lines().anyMatch(line -> line.startsWith("sanboot")), script);
      boot(server);
      assertEquals("debian@1", status().get("bootedImage").asText());
    }
  }

  @Test
  void aChoiceWithoutTheMenusTokenIsRefused() throws Exception {
    addWithMenu();
    try (Server server = commands.serve()) {
      String other = menu(server).replaceFirst("boot=[^&]*", "boot=AAAAAAAAAAAAAAAAAAAAAA");
      for (String path : new String[] {other, "/script/alpha?image="}) {
        String script = get(server, path + "fedora");
        assertTrue(script.contains("this menu was not shown to this machine"), script);
      }
      boot(server);
      assertEquals("debian@1", status().get("bootedImage").asText());
    }
  }

  @Test
  void theMenuOfABootThatHasBegunIsWorthNothing() throws Exception {
    addWithMenu();
    try (Server server = commands.serve()) {
      String choose = menu(server);
      boot(server);
      String script = get(server, choose + "fedora");
      assertTrue(script.contains("this menu was not shown to this machine"), script);
    }
  }

  /** Asked again at the login: what was allowed when it was chosen need not be now. */
  @Test
  void whatIsNotAllowedAnyMoreIsRefusedAtTheLogin() throws Exception {
    addWithMenu();
    try (Server server = commands.serve()) {
      get(server, menu(server) + "fedora");
      commands.done("client", "set", "alpha", "--menu", "none");
      try {
        boot(server);
        throw new AssertionError("it booted " + status().get("bootedImage"));
      } catch (LoginRefusedException e) {
        String reason = alpha().get("refused").get("reason").asText();
        assertTrue(reason.contains("its menu has no image fedora"), reason);
      }
    }
  }
}
