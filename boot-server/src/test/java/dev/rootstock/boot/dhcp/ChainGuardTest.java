// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ChainGuardTest {
  private long now;
  private final ChainGuard guard = new ChainGuard(() -> now);

  private void seconds(long seconds) {
    now += seconds * 1_000_000_000L;
  }

  /** DISCOVER, REQUEST and what is sent again have one number. */
  @Test
  void allPacketsOfOneAttemptAreOne() {
    for (int packet = 0; packet < 20; packet++) {
      assertTrue(guard.mayLoad("alpha", 7));
    }
  }

  @Test
  void aChainThatDoesNotEndIsEnded() {
    for (int xid = 0; xid < Limits.CHAIN_LOADS; xid++) {
      assertTrue(guard.mayLoad("alpha", xid));
      seconds(5);
    }
    assertFalse(guard.mayLoad("alpha", 100));
    assertTrue(guard.mayLoad("beta", 100));
  }

  @Test
  void aMachineThatIsStartedNowAndThenLoadsEachTime() {
    for (int xid = 0; xid < 20; xid++) {
      assertTrue(guard.mayLoad("alpha", xid));
      seconds(Limits.CHAIN_SECONDS);
    }
  }

  @Test
  void aChainThatWasEndedMayBeginAgainLater() {
    for (int xid = 0; xid <= Limits.CHAIN_LOADS; xid++) {
      guard.mayLoad("alpha", xid);
    }
    assertFalse(guard.mayLoad("alpha", 200));
    seconds(Limits.CHAIN_SECONDS + 1);
    assertTrue(guard.mayLoad("alpha", 201));
  }
}
