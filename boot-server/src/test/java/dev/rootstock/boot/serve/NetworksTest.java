// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.control.RefusedException;
import dev.rootstock.boot.slp.SlpNetwork;
import java.net.Inet4Address;
import java.util.List;
import org.junit.jupiter.api.Test;

class NetworksTest {
  private static final SlpNetwork FIRST =
      new SlpNetwork("br0", Inet4Address.ofLiteral("10.77.0.1"), 24);
  private static final SlpNetwork SECOND =
      new SlpNetwork("br1", Inet4Address.ofLiteral("10.88.0.1"), 24);

  @Test
  void theOneNetworksAddressIsTold() throws Exception {
    assertEquals(FIRST.address(), Networks.only(List.of(FIRST)));
    assertNull(Networks.only(List.of()));
  }

  @Test
  void ofSeveralNetworksTheAdministratorHasToChoose() {
    String message =
        String.valueOf(
            assertThrows(RefusedException.class, () -> Networks.only(List.of(FIRST, SECOND)))
                .getMessage());
    assertTrue(message.contains("10.77.0.1, 10.88.0.1"), message);
    assertTrue(message.contains("configure 'server'"), message);
  }
}
