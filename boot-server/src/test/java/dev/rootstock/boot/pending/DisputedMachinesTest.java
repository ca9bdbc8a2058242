// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.pending;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.boot.pending.DisputedMachines.Dispute;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Machines that are two clients at once, as status lists them. */
class DisputedMachinesTest {
  private Instant now = Instant.EPOCH;
  private final Clock clock =
      new Clock() {
        @Override
        public ZoneId getZone() {
          return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
          return this;
        }

        @Override
        public Instant instant() {
          return now;
        }
      };

  private final DisputedMachines disputed = new DisputedMachines(clock);

  @Test
  void theLatestStandsFirstAndEachOnce() {
    disputed.asked("a", "one");
    now = now.plusSeconds(1);
    disputed.asked("b", "two");
    now = now.plusSeconds(1);
    disputed.asked("a", "three");
    assertEquals(
        List.of(
            new Dispute("a", "three", Instant.EPOCH.plusSeconds(2)),
            new Dispute("b", "two", Instant.EPOCH.plusSeconds(1))),
        disputed.all());
  }

  @Test
  void aFloodPushesOutWhatAskedLongestAgo() {
    for (int i = 0; i <= DisputedMachines.MOST; i++) {
      now = now.plusSeconds(1);
      disputed.asked("machine " + i, "why");
    }
    List<Dispute> all = disputed.all();
    assertEquals(DisputedMachines.MOST, all.size());
    assertEquals("machine 1", all.getLast().machine());
  }
}
