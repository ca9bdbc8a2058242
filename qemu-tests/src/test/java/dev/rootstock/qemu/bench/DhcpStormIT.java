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
   * Each gets its offer and its address, as a ROM and as iPXE, and no packet is lost before it is
   * read: so a first try that the machine has the time to answer is answered. How long it takes,
   * and what is sent again, are figures of a machine; docs/performance.md has them.
   */
  @Test
  void aThousandMachinesWithinTenSecondsAreAllAnsweredAndNothingIsLost() throws Exception {
    DhcpStorm.Outcome outcome = DhcpStorm.run(MACHINES, 10);

    assertEquals(List.of("firmware", "ipxe"), outcome.met().stream().map(Met::stage).toList());
    for (Met each : outcome.met()) {
      assertEquals(MACHINES, each.offered(), each.toString());
      assertEquals(MACHINES, each.bound(), each.toString());
    }
    assertEquals(0, outcome.lost());
  }
}
