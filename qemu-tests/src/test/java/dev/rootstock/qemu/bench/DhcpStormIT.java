// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.qemu.bench.DhcpStorm.Met;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A rack that is switched on: a thousand simulated machines and the real service. */
class DhcpStormIT {
  private static final int MACHINES = 1_000;

  /**
   * Each gets its offer within its ROM's first try, so that nothing is sent twice; then iPXE gets
   * the same, whose first try is so short that a busy test machine may miss it.
   */
  @Test
  void aThousandMachinesWithinTenSecondsHaveTheirOffersAtTheFirstTry() throws Exception {
    List<Met> met = DhcpStorm.run(MACHINES, 10);

    Met firmware = met.getFirst();
    assertEquals("firmware", firmware.stage());
    assertEquals(MACHINES, firmware.offered());
    assertEquals(MACHINES, firmware.bound());
    assertEquals(0, firmware.repeated(), met.toString());

    Met ipxe = met.getLast();
    assertEquals("ipxe", ipxe.stage());
    assertEquals(MACHINES, ipxe.offered());
    assertEquals(MACHINES, ipxe.bound());
  }
}
