// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Both servers on a real link, in network namespaces of their own, asked by busybox's DHCP client
 * and by SLP multicast. One run, looked at from several sides.
 */
class DhcpNamespaceIT {
  private static final int MINUTES = 4;

  @TempDir private static Path folder;

  private static List<String> lines = List.of();

  @BeforeAll
  static void run() throws Exception {
    // Root needs no user namespace; others do.
    String namespaces =
        Stream.of("-rn", "-n")
            .filter(each -> exitOf(List.of("unshare", each, "true")) == 0)
            .findFirst()
            .orElseGet(
                () ->
                    fail(
                        "'unshare -rn true' and 'unshare -n true' fail: run the tests as root, or"
                            + " allow user namespaces"));
    Path script = folder.resolve("namespace.sh");
    Files.write(script, resource("dhcp/namespace.sh"));
    Path output = folder.resolve("output.txt");
    Process process =
        new ProcessBuilder(
                "unshare",
                namespaces,
                "bash",
                script.toString(),
                folder.toString(),
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                HexFormat.of().formatHex(resource("slp/unicast-request.bin"))
                    + ","
                    + HexFormat.of().formatHex(resource("slp/multicast-request.bin")))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    lines = Files.readAllLines(output, StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), () -> String.join("\n", lines));
  }

  private static int exitOf(List<String> command) {
    try {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (IOException e) {
      return fail("the tool of this command is needed: " + command, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return fail("interrupted", e);
    }
  }

  private static byte[] resource(String name) {
    try (InputStream in =
        Objects.requireNonNull(
            DhcpNamespaceIT.class.getResourceAsStream("/dev/rootstock/boot/" + name), name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> lines(String prefix) {
    return lines.stream().filter(line -> line.startsWith(prefix)).toList();
  }

  private static void assertHas(String prefix, String... parts) {
    List<String> found = lines(prefix);
    assertTrue(!found.isEmpty(), () -> "no '" + prefix + "' in:\n" + String.join("\n", lines));
    for (String line : found) {
      for (String part : parts) {
        assertTrue(line.contains(part), () -> "'" + part + "' is missing: " + line);
      }
    }
  }

  @Test
  void aClientGetsItsAddressAndItsDisk() {
    assertHas(
        "dhcp bound",
        "ip=10.77.0.100",
        "mask=24",
        "lease=4294967295",
        "server=10.77.0.1",
        "root=iscsi:10.77.0.1::::iqn.2026-11.dev.rootstock:01234567:alpha");
  }

  @Test
  void withAndWithoutAClientIdentifierItIsTheSameMachine() {
    assertEquals(2, lines("dhcp bound").size(), () -> String.join("\n", lines));
  }

  @Test
  void renewingByUnicastIsAnswered() {
    assertHas("dhcp renew", "ip=10.77.0.100", "host=alpha");
  }

  @Test
  void aStrangerHearsNothing() {
    assertHas("stranger", "silence");
  }

  /** RFC 2131 §3.1 item 2, by ARP; and nothing to boot from. */
  @Test
  void aStrangerWhoIsServedGetsNoAddressThatAnotherMachineHas() {
    assertHas("one", "ip=10.77.0.101", "lease=600", "server=10.77.0.1", "root= ");
  }

  @Test
  void aLeaseSurvivesKillDashNine() {
    assertHas("two", "ip=10.77.0.102");
    assertHas("again", "ip=10.77.0.101");
  }

  @Test
  void aSecondServerOnTheInterfaceIsRefused() {
    assertHas("second", "UDP port 67", "near0", "another program has it");
  }

  @Test
  void slpAnswersByUnicast() {
    assertHas("slp 10.77.0.1 ", "10.77.0.1:427", "service:iscsi:target://10.77.0.1:3260/iqn.");
  }

  /** RFC 2608 §6.1: the group, and broadcasts on isolated networks. */
  @Test
  void slpAnswersTheGroupAndBroadcasts() {
    assertHas("slp 239.255.255.253", "10.77.0.1:427", "de-CH", "service:iscsi:target://");
    assertHas("slp 10.77.0.255", "10.77.0.1:427", "service:iscsi:target://");
  }
}
