// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Two machines on one golden image at the same time. */
class TwoMachinesIT {
  @Test
  void eachKeepsItsOwnWritesAndSeesNoneOfTheOthers() throws Exception {
    try (Lab lab = Lab.open("two-machines")) {
      Machine alice = lab.client("alice", "persistent", Firmware.BIOS);
      Machine bob = lab.client("bob", "persistent", Firmware.BIOS);
      List<Machine> both = List.of(alice, bob);
      Map<String, String> left = new TreeMap<>();

      powerOn(both);
      for (Machine machine : both) {
        machine.log().await("^ROOTSTOCK boot 1 of " + machine.name(), Machine.BOOT);
        machine.log().await("^ROOTSTOCK found nothing$", Machine.ANSWER);
        left.put(
            machine.name(), machine.log().await("^ROOTSTOCK left (.+)", Machine.ANSWER).group(1));
        machine.awaitReady();
        machine.write("value-of-" + machine.name());
      }
      for (Machine machine : both) {
        assertEquals("value-of-" + machine.name(), machine.read());
        machine.shutDown();
      }

      powerOn(both);
      for (Machine machine : both) {
        machine.log().await("^ROOTSTOCK boot 2 of " + machine.name(), Machine.BOOT);
        machine.awaitReady();
        assertEquals("value-of-" + machine.name(), machine.read());
        assertEquals(
            List.of("ROOTSTOCK found " + left.get(machine.name())),
            machine.log().find("^ROOTSTOCK found (?!nothing)"));
        machine.shutDown();
      }

      lab.finish();
      for (Machine machine : both) {
        long overlay = Files.size(lab.overlay(machine.name()));
        long golden = Files.size(lab.storedGolden());
        assertTrue(overlay < golden / 4, "overlay of %d bytes copies its image".formatted(overlay));
      }
    }
  }

  private static void powerOn(List<Machine> machines) throws Exception {
    for (Machine machine : machines) {
      machine.powerOn();
    }
  }
}
