// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.target.Portal;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Open-iSNS's administration tool makes of our server. */
class IsnsadmIT {
  private static final String INITIATOR = "iqn.2001-04.com.example:me";
  private static final String MINE = "iqn.2026-11.dev.rootstock:test:mine";
  private static final String OPEN = "iqn.2026-11.dev.rootstock:test:open";
  private static final String OTHERS = "iqn.2026-11.dev.rootstock:test:others";
  private static final int SECONDS = 30;

  @TempDir private Path folder;
  private @Nullable IsnsServer server;

  @BeforeEach
  void start() throws IOException {
    IsnsServer started =
        IsnsServer.start(
            new IsnsSettings(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                List.of(new Portal(new InetSocketAddress("10.77.0.1", 3260))),
                "iqn.2026-11.dev.rootstock:test"),
            new FakeIsnsTargets()
                .add(MINE, INITIATOR)
                .add(OPEN, "any")
                .add(OTHERS, "iqn.2001-04.com.example:other"));
    server = started;
    Files.writeString(
        folder.resolve("isnsadm.conf"),
        """
        SourceName = %s
        ServerAddress = 127.0.0.1:%d
        Security = 0
        """
            .formatted(INITIATOR, started.address().getPort()));
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  private record Result(int exit, String output) {}

  private Result isnsadm(String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(List.of("isnsadm", "--config", folder.resolve("isnsadm.conf").toString()));
    command.addAll(List.of(arguments));
    Path output = folder.resolve("output.txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException("isnsadm takes too long: " + Files.readString(output));
    }
    return new Result(process.exitValue(), Files.readString(output));
  }

  private String done(String... arguments) throws Exception {
    Result result = isnsadm(arguments);
    assertEquals(0, result.exit(), result.output());
    return result.output();
  }

  private void registered() throws Exception {
    done("--register", "entity=me.example", "initiator=" + INITIATOR, "portal=127.0.0.1:3260");
  }

  /** The output without the numbers that it begins lines with. */
  private static void assertHas(String output, String... parts) {
    for (String part : parts) {
      assertTrue(output.contains(part), () -> "'" + part + "' is missing:\n" + output);
    }
  }

  @Test
  void withoutARegistrationAnInitiatorFindsItsTargets() throws Exception {
    String nodes = done("--query", "iscsi-node-type=target");
    assertHas(nodes, "\"" + MINE + "\"", "\"" + OPEN + "\"");
    assertFalse(nodes.contains(OTHERS), nodes);
  }

  /** RFC 4173 §6: a device attribute query with the target's name. */
  @Test
  void aTargetIsFoundByItsName() throws Exception {
    assertHas(done("--query", "iscsi-name=" + OTHERS), OTHERS, "iSCSI node type = Target");
  }

  @Test
  void everyKindOfObjectIsListed() throws Exception {
    registered();
    assertHas(done("--list", "nodes"), MINE, OPEN, INITIATOR, "iSCSI alias = \"mine\"");
    assertHas(
        done("--list", "portals"),
        "Portal IP address = 127.0.0.1",
        "Portal IP address = 10.77.0.1",
        "3260/tcp");
    assertHas(done("--list", "entities"), "me.example", "Entity protocol = iSCSI", "Period = 3600");
    assertHas(
        done("--list", "dds"),
        "DD name = \"mine\"",
        "DD member iSCSI name = \"" + MINE + "\"",
        "DD member iSCSI name = \"" + INITIATOR + "\"",
        "Boot list enabled");
    assertHas(done("--list", "ddsets"), "DD set status = 1");
    assertHas(done("--list", "portal-groups"), "Portal group name = \"" + MINE + "\"");
    assertFalse(done("--list", "nodes").contains(OTHERS));
  }

  @Test
  void whatIsRegisteredGoesAgain() throws Exception {
    registered();
    done("--deregister", "eid=me.example");
    assertFalse(done("--list", "nodes").contains(INITIATOR));
    assertHas(done("--list", "nodes"), MINE);
  }

  /** Only an initiator at its own address, and nothing about targets and domains. */
  @Test
  void whatIsOursToSayIsRefused() throws Exception {
    assertHas(
        isnsadm("--register", "target=" + MINE, "portal=127.0.0.1:3260").output(),
        "Invalid registration");
    assertHas(
        isnsadm("--register", "initiator=" + INITIATOR, "portal=192.0.2.1:3260").output(),
        "Invalid registration");
    assertHas(
        isnsadm("--dd-register", "dd-name=x", "member-name=" + OTHERS).output(),
        "Source unauthorized");
    assertHas(isnsadm("--deregister", "iscsi-name=" + MINE).output(), "Source unauthorized");
    assertHas(done("--query", "iscsi-node-type=target"), MINE);
  }
}
