// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.boot.boots.ChapRules;
import dev.rootstock.boot.boots.TargetVisibility;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientKeys;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.clients.Settings;
import dev.rootstock.boot.config.Configuration.ChapMode;
import dev.rootstock.boot.identity.Identities;
import dev.rootstock.boot.slp.SlpTarget;
import dev.rootstock.boot.slp.SlpTargets.Named;
import dev.rootstock.target.Portal;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where discovery says that disks are. */
class TargetDirectoryTest {
  private static final Inet4Address SOMEBODY = Inet4Address.ofLiteral("10.77.0.99");
  private static final Portal FIRST = new Portal(new InetSocketAddress("10.77.0.1", 3260), 1);
  private static final Portal SECOND = new Portal(new InetSocketAddress("10.78.0.1", 3261), 7);

  @TempDir private Path data;

  /** RFC 4018 §4.1: one URL for each address on which the target may be accessed. */
  @Test
  void aTargetIsToldOfOnceForEachPortal() throws Exception {
    Identities identities = new Identities(new UUID(0, 1), "iqn.2026-11.dev.rootstock:test");
    try (Registry registry = Registry.open(data)) {
      registry
          .add(
              new Client(
                  new ClientName("open"),
                  ClientKeys.NONE,
                  Settings.NONE.withImage(ImageReference.parse("debian")),
                  null,
                  null,
                  List.of()))
          .toCompletableFuture()
          .get(30, TimeUnit.SECONDS);
      TargetDirectory directory =
          new TargetDirectory(
              identities,
              new TargetVisibility(
                  registry, identities, true, new ChapRules(ChapMode.PER_CLIENT, null)),
              List.of(FIRST, SECOND));
      List<String> expected =
          List.of(
              "service:iscsi:target://10.77.0.1:3260/iqn.2026-11.dev.rootstock:test:open 1",
              "service:iscsi:target://10.78.0.1:3261/iqn.2026-11.dev.rootstock:test:open 7");
      assertEquals(expected, texts(directory.visibleTo(SOMEBODY, Named.NONE)));
      assertEquals(expected, texts(directory.toldToEverybody()));
    }
  }

  private static List<String> texts(List<SlpTarget> targets) {
    return targets.stream().map(each -> each.url() + " " + each.portalGroup()).toList();
  }

  /** What a wildcard stands for is not guessed, and no client reaches a loopback address. */
  @Test
  void portalsAreTheOneThatIsToldAndThoseThatAreNamed() {
    Portal six = at("2001:db8::1");
    Portal wildcard = at("0.0.0.0");
    Portal loopback = at("127.0.0.1");
    assertEquals(
        List.of(FIRST, SECOND),
        Server.portals(FIRST, List.of(wildcard, loopback, SECOND, FIRST, six)));
  }

  private static Portal at(String address) {
    return new Portal(new InetSocketAddress(InetAddress.ofLiteral(address), 3260), 1);
  }
}
