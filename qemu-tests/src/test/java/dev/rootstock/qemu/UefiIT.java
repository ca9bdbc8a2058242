// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** The same image and the same service under UEFI, on a disk beyond what 32 bits address. */
class UefiIT {
  @Test
  void bootsByUefiAndKeepsItsDiskOverASecondBoot() throws Exception {
    try (Lab lab = Lab.open("uefi")) {
      Machine machine = lab.client("uma", "persistent", Firmware.UEFI, "--size", "3T");
      machine.powerOn();
      machine.log().await("^ROOTSTOCK boot 1 of uma$", Machine.BOOT);
      String left = machine.log().await("^ROOTSTOCK left (.+)", Machine.ANSWER).group(1);
      machine.awaitReady();
      machine.write("by-uefi");
      machine.shutDown();

      machine.powerOn();
      machine.log().await("^ROOTSTOCK boot 2 of uma$", Machine.BOOT);
      assertEquals(left, machine.log().await("^ROOTSTOCK found (.+)", Machine.ANSWER).group(1));
      machine.awaitReady();
      assertEquals("by-uefi", machine.read());
      machine.shutDown();
      lab.finish();
    }
  }
}
