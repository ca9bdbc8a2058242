// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.target.wire.Limits;
import dev.rootstock.target.wire.MemoryBudget;
import io.netty.channel.DefaultEventLoop;
import org.junit.jupiter.api.Test;

/** What sessions hold together of the server's memory. */
class SessionMemoryTest {
  private static final int FIRST = Limits.FIRST_BYTES;

  private final MemoryBudget budget = new MemoryBudget(10L * FIRST, 5L * FIRST);

  private SessionMemory session() {
    // Nothing waits here, so that its loop has nothing to do and never starts.
    return new SessionMemory(budget, new DefaultEventLoop(), () -> true);
  }

  @Test
  void thousandsOfSessionsHoldNoMoreThanTheBudgetAndItsReserve() {
    int served = 0;
    for (int i = 0; i < 5000; i++) {
      served += session().reserve(FIRST) ? 1 : 0;
    }
    assertEquals(15, served);
    assertEquals(15L * FIRST, budget.taken());
  }

  @Test
  void aSessionThatHoldsNothingIsNotKeptOutByOneThatHoldsAll() {
    SessionMemory greedy = session();
    int taken = 0;
    while (greedy.reserve(FIRST)) {
      taken++;
    }
    assertEquals(10, taken);
    SessionMemory other = session();
    assertTrue(other.reserve(FIRST));
    // It holds something now.
    assertFalse(other.reserve(1));
  }

  @Test
  void aLargeTransferIsNotMadeOfTheReserve() {
    assertTrue(session().reserve(10 * FIRST));
    assertFalse(session().reserve(FIRST + 1));
    assertTrue(session().reserve(FIRST));
  }

  /** Beyond the session's own limit, when it is alone. */
  @Test
  void theLongestTransferGoesThroughAlone() {
    SessionMemory one = session();
    assertTrue(one.reserve(2 * Limits.SESSION_BYTES));
    assertFalse(one.reserve(1));
    one.unreserve(2 * Limits.SESSION_BYTES);
    assertTrue(one.reserve(1));
  }
}
