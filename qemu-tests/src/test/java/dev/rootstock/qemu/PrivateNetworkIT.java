// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The network and all that runs in it go with the JVM that made them. */
class PrivateNetworkIT {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @Test
  void isApartFromTheNetworksOfThisComputer() throws Exception {
    try (PrivateNetwork network = PrivateNetwork.open()) {
      network.addTap("tap0");
      String links = network.run("ip", "-o", "link");
      assertTrue(links.lines().count() == 3 && links.contains("tap0"), links);
      assertFalse(Tool.run("ip", "-o", "address").contains(PrivateNetwork.ADDRESS));
    }
  }

  @Test
  void closingItEndsWhatRunsInside() throws Exception {
    PrivateNetwork network = PrivateNetwork.open();
    var resident = network.start(Path.of("."), List.of("sleep", "1000"));
    network.close();
    assertTrue(resident.streams().waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS));
  }

  @Test
  void killingTheJvmEndsWhatRunsInside() throws Exception {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    String classes = System.getProperty("java.class.path");
    Process jvm =
        Tool.start(
            Path.of("."),
            Map.of(),
            List.of(java.toString(), "-cp", classes, Holder.class.getName()));
    var reader =
        new BufferedReader(new InputStreamReader(jvm.getInputStream(), StandardCharsets.UTF_8));
    String line = reader.readLine();
    ProcessHandle inside = ProcessHandle.of(Long.parseLong(line)).orElseThrow();
    assertTrue(inside.isAlive());
    jvm.destroyForcibly().waitFor();
    inside.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  /** Opens a network, starts a program in it, prints the program's number, and waits. */
  static final class Holder {
    public static void main(String[] arguments) throws Exception {
      PrivateNetwork network = PrivateNetwork.open();
      var resident = network.start(Path.of("."), List.of("sleep", "1000"));
      while (resident.streams().children().findFirst().isEmpty()) {
        Thread.sleep(10);
      }
      System.out.println(resident.streams().children().findFirst().orElseThrow().pid());
      resident.streams().waitFor();
    }
  }
}
