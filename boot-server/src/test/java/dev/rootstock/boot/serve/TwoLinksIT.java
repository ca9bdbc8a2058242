// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.rootstock.boot.net.ForeignProgram;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The real service on two interfaces with a network each, in network namespaces, asked by busybox's
 * DHCP client and curl. One run, looked at from several sides.
 */
class TwoLinksIT {
  private static final String TARGET = "iqn.2026-11.dev.rootstock:links:";

  @TempDir private static Path folder;

  private static List<String> lines = List.of();

  @BeforeAll
  static void run() throws Exception {
    byte[] golden = new byte[1 << 20];
    new Random(2131).nextBytes(golden);
    Files.write(folder.resolve("golden.raw"), golden);
    Path script = folder.resolve("two-links.sh");
    try (InputStream in =
        Objects.requireNonNull(TwoLinksIT.class.getResourceAsStream("two-links.sh"))) {
      Files.write(script, in.readAllBytes());
    }
    ForeignProgram.Result result =
        ForeignProgram.run(
            folder,
            "unshare",
            namespaces(),
            "bash",
            script.toString(),
            folder.toString(),
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    lines = result.output().lines().toList();
    assertEquals(0, result.exit(), result.output());
  }

  /** Root needs no user namespace; others do. */
  private static String namespaces() throws Exception {
    for (String each : List.of("-rn", "-n")) {
      if (ForeignProgram.run(folder, "unshare", each, "true").exit() == 0) {
        return each;
      }
    }
    return fail(
        "'unshare -rn true' and 'unshare -n true' fail: run the tests as root, or allow user"
            + " namespaces");
  }

  /** What one machine was told, without the address out of the range. */
  private static void assertTold(String who, String range, String rest) {
    List<String> told = lines.stream().filter(line -> line.startsWith(who + " ip=")).toList();
    assertEquals(1, told.size(), () -> String.join("\n", lines));
    String start = who + " ip=" + range;
    assertTrue(told.getFirst().startsWith(start), told::getFirst);
    assertEquals(rest, told.getFirst().substring(start.length() + 1));
  }

  @Test
  void machinesOnBothLinksAskAtOnceAndEachGetsWhatItsOwnNetworkHas() {
    assertTold(
        "first",
        "10.77.0.10",
        " server=10.77.0.1 router=10.77.0.254 lease=4294967295 root=iscsi:10.77.0.1::::"
            + TARGET
            + "alpha");
    assertTold(
        "second",
        "10.78.0.20",
        " server=10.78.0.1 router=none lease=4294967295 root=iscsi:10.78.0.1::::"
            + TARGET
            + "beta");
  }

  @Test
  void aMachineThatIsPluggedInElsewhereGetsAnAddressAndItsDiskThere() {
    assertTold(
        "moved",
        "10.78.0.20",
        " server=10.78.0.1 router=none lease=4294967295 root=iscsi:10.78.0.1::::"
            + TARGET
            + "alpha");
  }

  @Test
  void aStrangerGetsAnAddressOfItsLinkAndNothingElse() {
    assertTold("stranger", "10.78.0.20", " server=10.78.0.1 router=none lease=600 root=none");
  }

  @Test
  void bootFilesAreThereOnBothLinks() {
    assertEquals(
        Stream.of("first 10.77.0.1", "second 10.78.0.1")
            .flatMap(
                each -> {
                  String[] where = each.split(" ", -1);
                  return Stream.of(
                      where[0] + " loaded tftp://" + where[1] + "/undionly.kpxe",
                      where[0] + " loaded http://" + where[1] + ":8080/boot/undionly.kpxe");
                })
            .toList(),
        lines.stream().filter(line -> line.contains(" loaded ")).toList());
  }
}
