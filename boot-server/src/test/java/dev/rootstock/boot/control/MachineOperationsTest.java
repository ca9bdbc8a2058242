// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.boot.clients.MacAddress;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class MachineOperationsTest {

  /** What every network card that can be woken looks for, wherever it stands in a frame. */
  @Test
  void theMagicPacketHasTheCardsAddressSixteenTimes() {
    assertEquals(
        "ffffffffffff" + "525400f70081".repeat(16),
        HexFormat.of()
            .formatHex(MachineOperations.magicPacket(MacAddress.parse("52:54:00:f7:00:81"))));
  }
}
