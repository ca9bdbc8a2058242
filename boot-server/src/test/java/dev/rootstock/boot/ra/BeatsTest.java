// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.ra;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** RFC 4861 §6.2.4 and §6.2.6. */
class BeatsTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  /** As nanoTime is: it may begin below zero. */
  private long now = -5 * SECOND;

  private final Beats beats = new Beats(now);

  private int sentWithin(int seconds, boolean asking) {
    int sent = 0;
    for (int i = 0; i < seconds * 10; i++) {
      if (asking) {
        beats.asked(now);
      }
      if (beats.isDue(now)) {
        beats.sent(now);
        sent++;
      }
      now += SECOND / 10;
    }
    return sent;
  }

  @Test
  void theFirstOnesComeSoonAndTheOthersRarely() {
    assertEquals(3, sentWithin(60, false));
    assertEquals(1, sentWithin(600, false));
  }

  @Test
  void whoAsksAfterAPauseIsAnsweredAtOnce() {
    beats.sent(now);
    now += 10 * SECOND;
    assertFalse(beats.isDue(now));
    beats.asked(now);
    assertTrue(beats.isDue(now));
  }

  @Test
  void howeverManyAskEverybodyHearsOneInThreeSeconds() {
    assertEquals(10, sentWithin(30, true));
  }
}
