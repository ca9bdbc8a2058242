// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.qemu.bench.BootTrace.Kind;
import dev.rootstock.qemu.bench.BootTrace.Operation;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a replayed operation waits for: what it had waited for when it was recorded. */
class BootScheduleTest {

  @Test
  void oneAfterTheOtherWaitsForEachAnswerAndThenAsLongAsTheMachineDid() {
    BootSchedule schedule = schedule(read(10, 5), read(20, 5), read(25, 1));

    assertEquals(List.of(0, 1, 2), after(schedule));
    assertEquals(List.of(10_000L, 5_000L, 0L), pauses(schedule));
  }

  @Test
  void whatWasUnderWayTogetherIsAgain() {
    BootSchedule schedule = schedule(read(0, 100), read(1, 10), read(4, 3), read(30, 1));

    assertEquals(List.of(0, 0, 0, 2), after(schedule));
    assertEquals(List.of(0L, 1_000L, 3_000L, 19_000L), pauses(schedule));
  }

  @Test
  void operationsThatTookNoTimeDoNotWaitForThemselves() {
    BootSchedule schedule = schedule(read(0, 0), read(0, 0), read(0, 0));

    assertEquals(List.of(0, 1, 2), after(schedule));
    assertEquals(List.of(0L, 0L, 0L), pauses(schedule));
  }

  private static Operation read(long began, long took) {
    return new Operation(began, took, Kind.READ, 0, 512);
  }

  private static BootSchedule schedule(Operation... operations) {
    return new BootSchedule(new BootTrace("a test", 512, List.of(operations)));
  }

  private static List<Integer> after(BootSchedule schedule) {
    return java.util.stream.IntStream.range(0, schedule.size())
        .map(schedule::after)
        .boxed()
        .toList();
  }

  private static List<Long> pauses(BootSchedule schedule) {
    return java.util.stream.IntStream.range(0, schedule.size())
        .mapToObj(schedule::pauseNanos)
        .toList();
  }
}
