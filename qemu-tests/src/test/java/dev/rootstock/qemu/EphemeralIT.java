// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** An ephemeral disk lasts for one boot: neither shorter nor longer. */
class EphemeralIT {
  /** Longer than iscsid's ping and its time-out, 5 s each: the guest gives its session up. */
  private static final int CABLE_OUT_MILLIS = 12_000;

  @Test
  void forgetsAtTheNextBootButNotAtAReconnect() throws Exception {
    try (Lab lab = Lab.open("ephemeral")) {
      Machine machine = lab.client("eve", "ephemeral", Firmware.BIOS);
      machine.powerOn();
      machine.log().await("^ROOTSTOCK boot 1 of eve$", Machine.BOOT);
      machine.awaitReady();
      machine.write("passing");

      lab.network().setLink(machine.tap(), false);
      Thread.sleep(CABLE_OUT_MILLIS);
      lab.network().setLink(machine.tap(), true);
      assertEquals("passing", machine.readAfterOutage(), "after its session had dropped");

      lab.service().stop();
      lab.service().start();
      assertEquals("passing", machine.readAfterOutage(), "after a restart of the service");
      machine.shutDown();

      machine.powerOn();
      machine.log().await("^ROOTSTOCK boot 1 of eve$", Machine.BOOT);
      machine.log().await("^ROOTSTOCK found nothing$", Machine.ANSWER);
      machine.awaitReady();
      assertEquals("nothing", machine.read(), "after the next boot");
      machine.shutDown();
      lab.finish();
    }
  }
}
