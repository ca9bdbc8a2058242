// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.target.wire.Limits;
import org.junit.jupiter.api.Test;

class LogRationTest {
  private static final long SECOND = 1_000_000_000L;

  @Test
  void aSecondHasItsLinesAndTheNextOneTellsOfTheOthers() {
    long now = Long.MAX_VALUE - 1;
    LogRation ration = new LogRation(now);
    for (int i = 0; i < Limits.LOGIN_LINES_A_SECOND; i++) {
      assertEquals(0, ration.take(now));
    }
    assertEquals(-1, ration.take(now));
    assertEquals(-1, ration.take(now + SECOND - 1));
    assertEquals(2, ration.take(now + SECOND));
    assertEquals(0, ration.take(now + SECOND));
  }
}
