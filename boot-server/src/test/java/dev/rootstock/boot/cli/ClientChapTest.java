// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rootstock.boot.cli.CommandLineHarness.Result;
import dev.rootstock.boot.control.RefusedException;
import dev.rootstock.boot.serve.Server;
import dev.rootstock.target.LoginStatus;
import dev.rootstock.target.chap.ChapCredentials;
import dev.rootstock.target.chap.ChapSecret;
import dev.rootstock.target.initiator.ChapOptions;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.initiator.LoginRefusedException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code client chap}, and what it makes of logins. */
class ClientChapTest {
  private static final String ANYBODY = "iqn.2001-04.com.example:anybody";
  private static final String LISTEN = "iscsi: {listen: [\"127.0.0.1:0\"]";

  @TempDir Path folder;
  private CommandLineHarness commands;

  @BeforeEach
  void twoClients() throws Exception {
    use("}");
    commands.importDebian();
    commands.done("client", "add", "alpha", "--image", "debian");
    commands.done("client", "add", "beta", "--image", "debian");
  }

  private void use(String rest) throws Exception {
    commands = new CommandLineHarness(folder, LISTEN + rest + "\n");
  }

  @Test
  void aGeneratedSecretIsPrintedOnceAndLetsIn() throws Exception {
    try (Server server = commands.serve()) {
      String said = commands.done("client", "chap", "alpha", "--generate", "--mutual");
      String secret = found(said, "its secret, shown this once: (\\S+)");
      String target = found(said, "the target's secret, shown this once: (\\S+)");
      for (String[] words :
          new String[][] {
            {"client", "show", "alpha"},
            {"client", "show", "alpha", "--json"},
            {"client", "list", "--json"}
          }) {
        String shown = commands.done(words);
        assertFalse(shown.contains(secret) || shown.contains(target), shown);
      }
      assertTrue(
          commands.done("client", "show", "alpha").contains("alpha, and the target as rootstock"));
      assertRefused(LoginStatus.AUTHENTICATION_FAILURE, server, options("alpha"));
      ChapOptions chap =
          ChapOptions.oneWay(credentials("alpha", secret))
              .withTarget(credentials("rootstock", target));
      login(server, options("alpha").withChap(chap)).close();
      // Another one's disk is not his.
      commands.done("client", "chap", "beta", "--generate");
      assertRefused(LoginStatus.AUTHENTICATION_FAILURE, server, options("beta").withChap(chap));
      commands.done("client", "chap", "alpha", "--off");
      login(server, options("alpha")).close();
    }
  }

  @Test
  void secretsForEachBootAreNeverShown() throws Exception {
    String said = commands.done("client", "chap", "alpha", "--each-boot", "--hand-out", "--mutual");
    assertFalse(said.contains("shown this once"), said);
    JsonNode chap = commands.run("client", "show", "alpha", "--json").json().get("chap");
    assertEquals(
        "{\"user\":\"alpha\",\"targetUser\":\"rootstock\",\"handOut\":true,\"eachBoot\":true}",
        chap.toString());
    assertTrue(commands.done("client", "show", "alpha").contains("made anew for each boot"));
  }

  @Test
  void secretsForEachBootHaveToBeHandedOut() {
    assertEquals(
        Command.WRONG_USAGE, commands.run("client", "chap", "alpha", "--each-boot").status());
  }

  @Test
  void namesOfBootsAreNotForOtherSecrets() {
    String refused = commands.failed("client", "chap", "alpha", "--generate", "--user", "beta/3");
    assertTrue(refused.contains("of --each-boot"), refused);
  }

  @Test
  void aSecretFromAFileMayHaveAnyName() throws Exception {
    Path file = secret("a-secret-from-a-file");
    JsonNode client =
        commands
            .run(
                "client",
                "chap",
                "alpha",
                "--secret-file",
                file.toString(),
                "--user",
                "host-1",
                "--hand-out",
                "--json")
            .json();
    assertEquals("host-1", client.get("chap").get("user").asText());
    assertTrue(client.get("chap").get("targetUser").isNull());
    assertTrue(client.get("chap").get("handOut").asBoolean());
    assertFalse(client.toString().contains("a-secret-from-a-file"), client.toString());
    try (Server server = commands.serve()) {
      ChapCredentials host = credentials("host-1", "a-secret-from-a-file");
      login(server, options("alpha").withChap(ChapOptions.oneWay(host))).close();
    }
    String refused = commands.failed("client", "chap", "beta", "--secret-file", file.toString());
    assertTrue(refused.contains("belongs to client 'alpha' already"), refused);
    assertFalse(refused.contains("a-secret"), refused);
  }

  @Test
  void whereAllHaveToProveThemselvesNobodyElseGetsADisk() throws Exception {
    use(", chap: required}");
    String said = commands.done("client", "chap", "alpha", "--generate");
    String secret = found(said, "shown this once: (\\S+)");
    ChapOptions chap = ChapOptions.oneWay(credentials("alpha", secret));
    assertTrue(commands.done("client", "show", "beta").contains("its logins are refused"));
    try (Server server = commands.serve()) {
      login(server, options("alpha").withChap(chap)).close();
      assertRefused(LoginStatus.AUTHENTICATION_FAILURE, server, options("beta"));
      // Targets that there are not are not told from those that there are.
      assertRefused(LoginStatus.AUTHENTICATION_FAILURE, server, options("nothing"));
      assertRefused(LoginStatus.AUTHENTICATION_FAILURE, server, LoginOptions.discovery(ANYBODY));
      Initiator discovery = login(server, LoginOptions.discovery(ANYBODY).withChap(chap));
      assertEquals(
          List.of(target("alpha")),
          discovery.sendTargets("All").stream().map(Initiator.Found::targetName).toList());
      discovery.close();
    }
  }

  @Test
  void theSecretForDiscoveryShowsAllAndOpensNothing() throws Exception {
    Path file = secret("a-secret-for-discovery");
    use(", discovery-chap: {user: finder, secret-file: %s}}".formatted(file));
    commands.done("client", "chap", "alpha", "--generate");
    ChapOptions finder = ChapOptions.oneWay(credentials("finder", "a-secret-for-discovery"));
    try (Server server = commands.serve()) {
      Initiator discovery = login(server, LoginOptions.discovery(ANYBODY).withChap(finder));
      assertEquals(
          List.of(target("alpha"), target("beta")),
          discovery.sendTargets("All").stream().map(Initiator.Found::targetName).toList());
      discovery.close();
      assertRefused(LoginStatus.AUTHENTICATION_FAILURE, server, LoginOptions.discovery(ANYBODY));
      assertRefused(LoginStatus.AUTHENTICATION_FAILURE, server, options("alpha").withChap(finder));
    }
    String refused = commands.failed("client", "chap", "beta", "--secret-file", file.toString());
    assertTrue(refused.contains("iscsi.discovery-chap has this name or secret"), refused);
  }

  /** Whoever proves nothing is not told of disks that want a proof. */
  @Test
  void discoveryWithoutAProofShowsWhatNeedsNone() throws Exception {
    commands.done("client", "chap", "alpha", "--generate");
    try (Server server = commands.serve()) {
      Initiator discovery = login(server, LoginOptions.discovery(ANYBODY));
      assertEquals(
          List.of(target("beta")),
          discovery.sendTargets("All").stream().map(Initiator.Found::targetName).toList());
      discovery.close();
    }
  }

  @Test
  void aSecretForDiscoveryThatCannotBeReadStopsTheStart() throws Exception {
    use(", discovery-chap: {user: finder, secret-file: nowhere}}");
    RefusedException e = assertThrows(RefusedException.class, () -> commands.serve());
    assertTrue(String.valueOf(e.getMessage()).contains("nowhere"), e.getMessage());
  }

  @Test
  void wrongUsageIsSaidInOneLine() {
    for (String[] words :
        new String[][] {
          {"client", "chap", "alpha"},
          {"client", "chap", "alpha", "--generate", "--off"},
          {"client", "chap", "alpha", "--generate", "--json"},
          {"client", "chap", "alpha", "--secret-file", "x", "--mutual"},
          {"client", "chap", "alpha", "--generate", "--mutual", "--mutual-secret-file", "x"},
          {"client", "chap", "alpha", "--generate", "--mutual-user", "x"},
          {"client", "chap", "alpha", "--off", "--hand-out"},
        }) {
      Result result = commands.run(words);
      assertEquals(Command.WRONG_USAGE, result.status(), String.join(" ", words));
      CommandLineHarness.oneLine(result);
    }
  }

  private Path secret(String text) throws Exception {
    Path file = Files.writeString(folder.resolve("secret"), text + "\n");
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  private LoginOptions options(String client) throws Exception {
    return LoginOptions.normal(ANYBODY, target(client));
  }

  private String target(String client) throws Exception {
    String alpha = commands.run("client", "show", "alpha", "--json").json().get("target").asText();
    return alpha.replace(":alpha", ":" + client);
  }

  private static Initiator login(Server server, LoginOptions options) throws Exception {
    return Initiator.login(CommandLineHarness.portal(server), options, Duration.ofSeconds(60));
  }

  private static void assertRefused(LoginStatus status, Server server, LoginOptions options) {
    LoginRefusedException e =
        assertThrows(LoginRefusedException.class, () -> login(server, options));
    assertEquals(Integer.toHexString(status.code()), Integer.toHexString(e.status()));
  }

  private static ChapCredentials credentials(String name, String secret) {
    return new ChapCredentials(name, new ChapSecret(secret.getBytes(StandardCharsets.US_ASCII)));
  }

  private static String found(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertTrue(matcher.find(), text);
    return matcher.group(1);
  }
}
