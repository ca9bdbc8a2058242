// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.script;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.http.Answer;
import dev.rootstock.boot.http.Request;
import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.Lun;
import dev.rootstock.dhcp.RootPath;
import dev.rootstock.dhcp.ServerName;
import dev.rootstock.dhcp.SyntaxException;
import io.netty.handler.codec.http.HttpMethod;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BootScriptsTest {
  private static final IscsiName TARGET = new IscsiName("iqn.2026-11.dev.rootstock:lab:alpha");

  private final List<String> asked = new ArrayList<>();
  private final List<String> fetched = new ArrayList<>();
  private final List<String> chosen = new ArrayList<>();
  private Optional<String> choiceProblem = Optional.empty();
  private Optional<ScriptClient.Menu> menu = Optional.empty();
  private boolean install;
  private Optional<String> refusal = Optional.empty();
  private Optional<InetAddress> address = Optional.of(InetAddress.getLoopbackAddress());

  private static final ScriptClient.Secrets SECRETS =
      new ScriptClient.Secrets(
          new ScriptClient.Account("alpha", "p${net0/ip} || x"),
          Optional.of(new ScriptClient.Account("rootstock", "reversed")));

  @TempDir private Path folder;

  private final ScriptClients clients =
      new ScriptClients() {
        @Override
        public Optional<ScriptClient> byName(String name) {
          return name.equals("alpha")
              ? Optional.of(
                  new ScriptClient(
                      name,
                      new IscsiName(TARGET.value() + ":initiator"),
                      List.of(disk("0"), disk("1")),
                      address,
                      Optional.of(SECRETS),
                      refusal,
                      menu,
                      install))
              : Optional.empty();
        }

        @Override
        public Lookup byMachine(Optional<String> mac, Optional<String> uuid) {
          boolean byMac = mac.filter("52:54:00:77:00:01"::equals).isPresent();
          boolean byUuid = uuid.filter(text -> text.startsWith("0123")).isPresent();
          if (uuid.filter("two clients"::equals).isPresent()) {
            return new Lookup.Disputed("its card is a, its UUID is b");
          }
          return byMac || byUuid
              ? new Lookup.Known(byName("alpha").orElseThrow())
              : new Lookup.Stranger();
        }
      };

  private final BootScripts.ScriptListener listener =
      new BootScripts.ScriptListener() {
        @Override
        public void fetched(String client, InetAddress from) {
          fetched.add(client);
        }

        @Override
        public Optional<String> stranger(
            Optional<String> mac, Optional<String> uuid, InetAddress from) {
          asked.add(mac.orElse("-") + " " + uuid.orElse("-"));
          return mac.filter("52:54:00:77:00:99"::equals).map(ignored -> "alpha");
        }

        @Override
        public Optional<String> menuToken(String client, InetAddress from) {
          return Optional.of("TOKEN-" + from.getHostAddress());
        }

        @Override
        public Optional<String> choose(
            String client, InetAddress from, String token, String image) {
          chosen.add(client + " " + from.getHostAddress() + " " + token + " " + image);
          return choiceProblem;
        }

        @Override
        public Optional<String> readyUrl(String client) {
          return Optional.of("http://10.77.0.1:8080/boots/alpha.TOKEN/ready");
        }
      };

  /** Reached by two portals. */
  private static ScriptClient.Disk disk(String lun) {
    return new ScriptClient.Disk(List.of(path("10.77.0.1", lun), path("10.78.0.1", lun)));
  }

  private static RootPath path(String server, String lun) {
    try {
      return RootPath.of(new ServerName(server), 3260, Lun.parse(lun), TARGET);
    } catch (SyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private String script(
      HttpMethod method, String rest, Map<String, String> query, @Nullable Path templates)
      throws IOException {
    Request request =
        new Request(method, "/script/" + rest, query, InetAddress.getLoopbackAddress());
    Answer answer =
        new BootScripts(clients, ScriptTemplates.load(templates), listener).answer(request, rest);
    return ((Answer.Text) answer).body();
  }

  @Test
  void aMachineThatIsTwoClientsIsToldWhy() throws Exception {
    String script =
        script(HttpMethod.GET, "", Map.of("mac", "52:54:00:77:00:01", "uuid", "two clients"), null);
    assertTrue(script.contains("its card is a, its UUID is b"), script);
    assertEquals(List.of(), fetched);
  }

  @Test
  void aMachineThatBecomesAClientGetsItsScriptAtOnce() throws Exception {
    String script = script(HttpMethod.GET, "", Map.of("mac", "52:54:00:77:00:99"), null);
    assertTrue(script.contains(TARGET.value()), script);
    assertEquals(List.of("alpha"), fetched);
  }

  @Test
  void lookingAtAScriptMakesNoClient() throws Exception {
    script(HttpMethod.HEAD, "", Map.of("mac", "52:54:00:77:00:99"), null);
    assertEquals(List.of(), asked);
  }

  @Test
  void aScriptAttachesAllDisksAndBootsFromTheFirst() throws Exception {
    List<String> lines = script(HttpMethod.GET, "alpha", Map.of(), null).lines().toList();

    assertEquals("#!ipxe", lines.getFirst());
    int second =
        lines.indexOf(
            "sanhook --drive 0x81 iscsi:10.77.0.1:::1:%1$s iscsi:10.78.0.1:::1:%1$s"
                    .formatted(TARGET)
                + " || echo Rootstock: disk 1 is not there, going on without it");
    int first =
        lines.indexOf(
            "sanhook --drive 0x80 iscsi:10.77.0.1::::%1$s iscsi:10.78.0.1::::%1$s || goto failed"
                .formatted(TARGET));
    int boots = lines.indexOf("sanboot --drive 0x80 || goto failed");
    assertTrue(0 < first && first < second && second < boots, lines.toString());
    assertTrue(lines.contains("set initiator-iqn " + TARGET + ":initiator"));
    assertFalse(lines.stream().anyMatch(line -> line.contains("@")), lines.toString());
    assertEquals(List.of("alpha"), fetched);
  }

  /** In iPXE's scripts nothing can be quoted: what a secret holds must never be run. */
  @Test
  void theClientsOwnAddressGetsItsSecretsAndItsToken() throws Exception {
    String script = script(HttpMethod.GET, "alpha", Map.of(), null);
    assertTrue(
        script.contains(
            """
            set username:hex 61:6c:70:68:61
            set password:hex 70:24:7b:6e:65:74:30:2f:69:70:7d:20:7c:7c:20:78
            set reverse-username:hex 72:6f:6f:74:73:74:6f:63:6b
            set reverse-password:hex 72:65:76:65:72:73:65:64
            """),
        script);
    assertTrue(
        script.contains("set ready-url http://10.77.0.1:8080/boots/alpha.TOKEN/ready\n"), script);
  }

  @Test
  void anotherAddressGetsNeitherSecretNorToken() throws Exception {
    address = Optional.of(InetAddress.ofLiteral("10.77.0.9"));
    String script = script(HttpMethod.GET, "alpha", Map.of(), null);
    assertFalse(script.contains("password") || script.contains("TOKEN"), script);
  }

  /** As beside another DHCP server: a token marks a boot, a secret opens a disk. */
  @Test
  void whereNoAddressIsKnownThereIsATokenAndNoSecret() throws Exception {
    address = Optional.empty();
    String script = script(HttpMethod.GET, "alpha", Map.of(), null);
    assertTrue(script.contains("TOKEN") && !script.contains("password"), script);
  }

  /** For an installer: attach, and boot from something else. */
  @Test
  void aTemplateMayAttachTheFirstDiskToo() throws Exception {
    Files.writeString(folder.resolve("boot.ipxe"), "#!ipxe\n@all-disks@exit 1\n");
    List<String> lines = script(HttpMethod.GET, "alpha", Map.of(), folder).lines().toList();
    assertTrue(lines.get(1).startsWith("sanhook --drive 0x80 "), lines.toString());
    assertTrue(lines.get(2).startsWith("sanhook --drive 0x81 "), lines.toString());
    assertEquals("exit 1", lines.get(3));
  }

  @Test
  void anInstallersScriptAttachesAllDisksAndBootsFromNone() throws Exception {
    install = true;
    List<String> lines = script(HttpMethod.GET, "alpha", Map.of(), null).lines().toList();
    assertEquals("#!ipxe", lines.getFirst());
    int first =
        lines.indexOf(
            "sanhook --drive 0x80 iscsi:10.77.0.1::::%1$s iscsi:10.78.0.1::::%1$s || goto failed"
                .formatted(TARGET));
    int second =
        lines.indexOf(
            "sanhook --drive 0x81 iscsi:10.77.0.1:::1:%1$s iscsi:10.78.0.1:::1:%1$s"
                    .formatted(TARGET)
                + " || echo Rootstock: disk 1 is not there, going on without it");
    assertTrue(0 < first && first < second && second < lines.indexOf("exit 1"), lines.toString());
    assertFalse(lines.stream().anyMatch(line -> line.startsWith("sanboot")), lines.toString());
    assertFalse(lines.stream().anyMatch(line -> line.contains("@")), lines.toString());
    assertTrue(lines.contains("set initiator-iqn " + TARGET + ":initiator"), lines.toString());
    assertTrue(lines.contains("set username:hex 61:6c:70:68:61"), lines.toString());
    assertEquals(List.of("alpha"), fetched);
  }

  @Test
  void anAdministratorsInstallersScriptStandsInForOursAndForNoOther() throws Exception {
    Files.writeString(folder.resolve("install.ipxe"), "#!ipxe\n@all-disks@exit 1\n");
    assertTrue(script(HttpMethod.GET, "alpha", Map.of(), folder).contains("sanboot"));
    install = true;
    List<String> lines = script(HttpMethod.GET, "alpha", Map.of(), folder).lines().toList();
    assertTrue(lines.get(1).startsWith("sanhook --drive 0x80 "), lines.toString());
    assertEquals("exit 1", lines.get(3));
  }

  private void showMenu() {
    menu = Optional.of(new ScriptClient.Menu(List.of("fedora", "debian@2", "debian"), "debian"));
  }

  @Test
  void aMenuShowsWhatTheAdministratorAllowsAndTheLocalDisk() throws Exception {
    showMenu();
    List<String> lines = script(HttpMethod.GET, "alpha", Map.of(), null).lines().toList();
    assertEquals("#!ipxe", lines.getFirst());
    int first = lines.indexOf("item fedora fedora");
    assertEquals(
        List.of("item fedora fedora", "item debian@2 debian@2", "item debian debian"),
        lines.subList(first, first + 3));
    assertTrue(lines.stream().anyMatch(line -> line.startsWith("item _local ")), lines.toString());
    assertTrue(
        lines.contains("choose --timeout 15000 --default debian chosen || goto local"),
        lines.toString());
    assertTrue(
        lines.contains(
            "chain --replace --autofree /script/alpha?boot=TOKEN-127.0.0.1&image=${chosen}"
                + " || goto failed"),
        lines.toString());
    assertFalse(lines.stream().anyMatch(line -> line.startsWith("sanboot")), lines.toString());
    assertEquals(List.of("alpha"), fetched);
    assertEquals(List.of(), chosen);
  }

  @Test
  void whoeverFetchesByCardChoosesUnderTheClientsName() throws Exception {
    showMenu();
    String script = script(HttpMethod.GET, "", Map.of("mac", "52:54:00:77:00:01"), null);
    assertTrue(script.contains(" /script/alpha?boot=TOKEN-127.0.0.1&image="), script);
  }

  /** A choice is what the machine's next boot gets: it is nobody else's. */
  @Test
  void anotherAddressThanTheClientsGetsNoMenu() throws Exception {
    showMenu();
    address = Optional.of(InetAddress.ofLiteral("10.77.0.9"));
    String script = script(HttpMethod.GET, "alpha", Map.of(), null);
    assertTrue(script.contains("sanboot") && !script.contains("TOKEN"), script);
  }

  @Test
  void whatWasChosenIsAnsweredWithTheBootScript() throws Exception {
    String plain = script(HttpMethod.GET, "alpha", Map.of(), null);
    showMenu();
    fetched.clear();
    Map<String, String> query = Map.of("image", "debian@2", "boot", "TOKEN-127.0.0.1");
    assertEquals(plain, script(HttpMethod.GET, "alpha", query, null));
    assertEquals(List.of("alpha 127.0.0.1 TOKEN-127.0.0.1 debian@2"), chosen);
    assertEquals(List.of(), fetched, "the menu was its script: a second fetch would forget it");
  }

  @Test
  void aRefusedChoiceIsAnsweredWithTheReasonAndNoDisk() throws Exception {
    showMenu();
    choiceProblem = Optional.of("client alpha: its menu has no image\n sanboot x");
    String script = script(HttpMethod.GET, "alpha", Map.of("image", "x"), null);
    assertTrue(
        script.contains("echo Rootstock: client alpha: its menu has no image  sanboot x\n"),
        script);
    assertFalse(script.lines().anyMatch(line -> line.startsWith("sanboot")), script);
    assertEquals(List.of("alpha 127.0.0.1  x"), chosen, "without a token there is none to prove");
  }

  @Test
  void headChoosesNothing() throws Exception {
    showMenu();
    script(HttpMethod.HEAD, "alpha", Map.of("image", "debian@2", "boot", "TOKEN"), null);
    assertEquals(List.of(), chosen);
  }

  @Test
  void anAdministratorsMenuStandsInForOurs() throws Exception {
    showMenu();
    Files.writeString(
        folder.resolve("menu.ipxe"), "#!ipxe\n@items@chain @choose-url@@preselected@ # @client@\n");
    assertEquals(
        """
        #!ipxe
        item fedora fedora
        item debian@2 debian@2
        item debian debian
        chain /script/alpha?boot=TOKEN-127.0.0.1&image=debian # alpha
        """,
        script(HttpMethod.GET, "alpha", Map.of(), folder));
  }

  /** Somebody who only looks has not begun a boot. */
  @Test
  void headIsNoFetch() throws Exception {
    script(HttpMethod.HEAD, "alpha", Map.of(), null);
    assertEquals(List.of(), fetched);
  }

  @Test
  void aMachineIsKnownByItsCardOrItsUuid() throws Exception {
    String byName = script(HttpMethod.GET, "alpha", Map.of(), null);
    assertEquals(byName, script(HttpMethod.GET, "", Map.of("mac", "52:54:00:77:00:01"), null));
    assertEquals(byName, script(HttpMethod.GET, "", Map.of("mac", "x", "uuid", "0123"), null));
  }

  @Test
  void aStrangerIsToldSoByAScript() throws Exception {
    String script = script(HttpMethod.GET, "", Map.of("mac", "52:54:00:ff:ff:ff"), null);
    assertTrue(script.startsWith("#!ipxe") && script.contains("is not known here"), script);
    assertEquals(List.of(), fetched);
  }

  /** Nothing of a reason is a command, a comment, a setting or a second line for iPXE. */
  @Test
  void aReasonIsPrintedAndNeverRun() throws Exception {
    refusal = Optional.of("its disk\n sanboot x || ${net0/mac} && shell; is lost");
    String script = script(HttpMethod.GET, "alpha", Map.of(), null);
    assertTrue(
        script.contains(
            "echo Rootstock: client alpha: its disk  sanboot x      net0/mac     shell  is lost\n"),
        script);
  }

  @Test
  void anAdministratorsTemplateStandsInForOurs() throws Exception {
    Files.writeString(folder.resolve("boot.ipxe"), "#!ipxe\nchain x ${net0/ip} @client@\n");
    assertEquals(
        "#!ipxe\nchain x ${net0/ip} alpha\n", script(HttpMethod.GET, "alpha", Map.of(), folder));
    assertTrue(script(HttpMethod.GET, "beta", Map.of(), folder).contains("not known"));
  }

  /** Firmware takes 1 for "try the next": the local disk, or whatever else it knows. */
  @Test
  void whereTheDiskFailsTheMachineGoesOnWithItsOwn() throws Exception {
    List<String> boot = script(HttpMethod.GET, "alpha", Map.of(), null).lines().toList();
    List<String> refused = script(HttpMethod.GET, "beta", Map.of(), null).lines().toList();
    showMenu();
    List<String> chosen = script(HttpMethod.GET, "alpha", Map.of(), null).lines().toList();
    assertTrue(boot.indexOf("sanboot --drive 0x80 || goto failed") < boot.indexOf(":failed"));
    assertTrue(chosen.stream().anyMatch(line -> line.endsWith("chosen || goto local")));
    assertTrue(chosen.contains(":local"));
    for (List<String> each : List.of(boot, refused, chosen)) {
      assertEquals("exit 1", each.getLast());
      assertEquals(1, each.stream().filter(line -> line.startsWith("exit")).count());
    }
  }

  @Test
  void aTemplateWithAGapThatNothingFillsIsRefused() throws Exception {
    Files.writeString(folder.resolve("boot.ipxe"), "#!ipxe\nsanboot @rootpath@\n");
    String message =
        String.valueOf(
            assertThrows(IOException.class, () -> ScriptTemplates.load(folder)).getMessage());
    assertTrue(message.contains("@rootpath@") && message.contains("root-path"), message);
  }

  @Test
  void whatIsNoScriptIsRefused() throws Exception {
    Files.writeString(folder.resolve("refused.ipxe"), "echo\n");
    assertThrows(IOException.class, () -> ScriptTemplates.load(folder));
    assertThrows(IOException.class, () -> ScriptTemplates.load(folder.resolve("nowhere")));
  }
}
