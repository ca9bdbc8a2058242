// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.clients.Chap;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.InitiatorName;
import dev.rootstock.boot.clients.MacAddress;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.clients.Secret;
import dev.rootstock.boot.dhcp.DhcpClient;
import dev.rootstock.boot.dhcp.MachineKeys;
import dev.rootstock.boot.dhcp.Recognised.Known;
import dev.rootstock.boot.identity.Identities;
import dev.rootstock.boot.script.ScriptClient;
import dev.rootstock.dhcp.HardwareAddress;
import dev.rootstock.dhcp.IpxeOptions;
import dev.rootstock.dhcp.IscsiName;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What DHCP learns of a client. */
class BootDirectoryTest {
  private static final MacAddress MAC = MacAddress.parse("52:54:00:77:00:01");
  private static final Chap.Pair OWN = new Chap.Pair("alpha", new Secret("secret-of-alpha"));
  private static final Chap.Pair TARGET = new Chap.Pair("rootstock", new Secret("secret-to-alpha"));

  @TempDir Path data;

  @Test
  void secretsAreHandedOutWhereTheAdministratorSaysSo() throws Exception {
    TreeMap<Integer, String> told = new TreeMap<>();
    told.put(IpxeOptions.NO_PXEDHCP, "01");
    told.put(190, hex("alpha"));
    told.put(191, hex("secret-of-alpha"));
    assertEquals(told, client(new Chap(OWN, null, true)).ipxe().values());
  }

  @Test
  void whatIsMadeForEachBootIsHandedOutForTheNext() throws Exception {
    Chap chap = Chap.eachBoot("alpha", "rootstock", new Chap(OWN, TARGET, true), 7);
    IpxeOptions told = client(chap).ipxe();
    assertEquals(hex("alpha/8"), told.values().get(190));
    assertEquals(hex(chap.handed().client().secret().text()), told.values().get(191));
    assertNotEquals(hex("secret-of-alpha"), told.values().get(191));
    assertNotEquals(hex("secret-to-alpha"), told.values().get(193));
  }

  @Test
  void theTargetsSecretGoesWithThem() throws Exception {
    IpxeOptions told = client(new Chap(OWN, TARGET, true)).ipxe();
    assertEquals(hex("rootstock"), told.values().get(192));
    assertEquals(hex("secret-to-alpha"), told.values().get(193));
    assertFalse(told.toString().contains(hex("secret-to-alpha")), told.toString());
  }

  @Test
  void noSecretIsToldOtherwise() throws Exception {
    assertEquals(DhcpClient.HINTS, client(new Chap(OWN, TARGET, false)).ipxe());
  }

  @Test
  void aClientWithoutASecretIsToldNone() throws Exception {
    assertEquals(DhcpClient.HINTS, client(null).ipxe());
  }

  @Test
  void aScriptHoldsWhatIsHandedOutAndNothingElse() throws Exception {
    assertEquals(Optional.empty(), scripted(null));
    assertEquals(Optional.empty(), scripted(new Chap(OWN, TARGET, false)));
    assertEquals(
        Optional.of(
            new ScriptClient.Secrets(
                new ScriptClient.Account("alpha", "secret-of-alpha"),
                Optional.of(new ScriptClient.Account("rootstock", "secret-to-alpha")))),
        scripted(new Chap(OWN, TARGET, true)));
  }

  private Optional<ScriptClient.Secrets> scripted(@Nullable Chap chap) throws Exception {
    return told(
        List.of(), chap, null, directory -> directory.byName("alpha").orElseThrow().secrets());
  }

  /** ipxe.org's settings keep-san (175.8) and skip-san-boot (175.9). */
  @Test
  void anInstallationIsToldToKeepTheDiskAndNotToBootFromIt() throws Exception {
    TreeMap<Integer, String> told = new TreeMap<>();
    told.put(IpxeOptions.NO_PXEDHCP, "01");
    told.put(8, "01");
    told.put(9, "01");
    assertEquals(told, client(List.of(), null, true).ipxe().values());
    told.put(190, hex("alpha"));
    told.put(191, hex("secret-of-alpha"));
    assertEquals(told, client(List.of(), new Chap(OWN, null, true), true).ipxe().values());
  }

  /** Its disk is for those names only, so a machine that took another would be refused. */
  @Test
  void aClientWithInitiatorNamesIsToldTheFirstOfThem() throws Exception {
    List<InitiatorName> own =
        List.of(
            new InitiatorName("iqn.2026-11.org.example:one"),
            new InitiatorName("iqn.2026-11.org.example:two"));
    assertEquals(
        Optional.of(new IscsiName("iqn.2026-11.org.example:one")),
        client(own, null).initiatorName());
    assertTrue(client(null).initiatorName().orElseThrow().value().endsWith(":alpha:initiator"));
  }

  private DhcpClient client(@Nullable Chap chap) throws Exception {
    return client(List.of(), chap);
  }

  private DhcpClient client(List<InitiatorName> initiators, @Nullable Chap chap) throws Exception {
    return client(initiators, chap, null);
  }

  private DhcpClient client(
      List<InitiatorName> initiators, @Nullable Chap chap, @Nullable Boolean install)
      throws Exception {
    MachineKeys keys = MachineKeys.of(HardwareAddress.ethernet(MAC.toString()));
    return told(
        initiators,
        chap,
        install,
        directory -> assertInstanceOf(Known.class, directory.recognise(keys)).client());
  }

  private <T> T told(
      List<InitiatorName> initiators,
      @Nullable Chap chap,
      @Nullable Boolean install,
      Function<BootDirectory, T> asked)
      throws Exception {
    ClientName name = new ClientName("alpha");
    Client added =
        new Client(
            name,
            List.of(MAC),
            null,
            initiators,
            ImageReference.parse("debian"),
            Mode.PERSISTENT,
            null,
            OptionalLong.empty());
    try (Registry registry = Registry.open(Files.createTempDirectory(data, "of"))) {
      registry
          .add(added.withOwn(added.own().withInstall(install)))
          .thenCompose(_ -> registry.update(name, now -> now.withChap(chap)))
          .toCompletableFuture()
          .get(60, TimeUnit.SECONDS);
      return asked.apply(
          new BootDirectory(
              registry,
              new Identities(registry.installation(), null),
              List.of(new InetSocketAddress("10.77.0.1", 3260))));
    }
  }

  private static String hex(String text) {
    return HexFormat.of().formatHex(text.getBytes(StandardCharsets.US_ASCII));
  }
}
