// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import static dev.rootstock.boot.boots.BootBench.GRACE;
import static dev.rootstock.boot.boots.BootBench.X;
import static dev.rootstock.boot.boots.BootBench.Y;
import static dev.rootstock.boot.boots.InitiatorKind.FIRMWARE;
import static dev.rootstock.boot.boots.InitiatorKind.OPERATING_SYSTEM;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.rootstock.boot.boots.BootBench.Answer;
import dev.rootstock.boot.boots.BootEvent.Command.What;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.target.TargetSession.Liveness;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The server dies after each effect of a commit, of a command; the bench holds the invariants. */
class BootCrashTest {
  /** Probe, save, fence, create, open, grant; with one more for good measure. */
  private static final int EFFECTS_OF_A_COMMIT = 7;

  private static final int EFFECTS_OF_A_COMMAND = 6;

  static Stream<Arguments> crashes() {
    return Stream.of(Mode.values())
        .flatMap(
            mode ->
                IntStream.rangeClosed(0, EFFECTS_OF_A_COMMIT)
                    .mapToObj(effects -> Arguments.of(mode, effects)));
  }

  private static BootBench running(Mode mode) {
    BootBench bench = new BootBench();
    bench.mode = mode;
    bench.discover();
    bench.answers(bench.firmware(X), Liveness.SILENT);
    bench.answers(bench.system(X), Liveness.DEAD);
    return bench;
  }

  @ParameterizedTest
  @MethodSource("crashes")
  void aMachineWhoseRestartMetACrashOfTheServerBoots(Mode mode, int effects) {
    BootBench bench = running(mode);
    UUID before = bench.overlay();
    bench.discover().crashAfter = effects;
    bench.login(X, FIRMWARE);
    bench.restart();
    bench.firmware(X);
    bench.system(X);
    assertEquals(2, bench.generation());
    switch (mode) {
      case EPHEMERAL, MEMORY -> assertNotEquals(before, bench.overlay());
      case PERSISTENT, READ_ONLY -> assertEquals(before, bench.overlay());
    }
  }

  @ParameterizedTest
  @MethodSource("crashes")
  void theDisplacedMachineGetsItsOwnDiskOrNone(Mode mode, int effects) {
    BootBench bench = running(mode);
    UUID before = bench.overlay();
    bench.discover().crashAfter = effects;
    bench.login(Y, FIRMWARE);
    bench.restart();
    long back = bench.login(X, OPERATING_SYSTEM);
    if (bench.answers.get(back) instanceof Answer.Granted granted) {
      assertEquals(new Answer.Granted(1, before), granted);
    } else {
      bench.refused(back, "restart that machine");
      assertEquals(2, bench.generation());
    }
  }

  @ParameterizedTest
  @MethodSource("crashes")
  void aFirstBootThatMetACrashIsTakenUpAgain(Mode mode, int effects) {
    BootBench bench = new BootBench();
    bench.mode = mode;
    bench.discover().crashAfter = effects;
    bench.login(X, FIRMWARE);
    bench.restart();
    bench.firmware(X);
    assertEquals(1, bench.generation());
  }

  @ParameterizedTest
  @MethodSource("crashes")
  void aReconnectThatMetACrashFindsTheSameDisk(Mode mode, int effects) {
    BootBench bench = running(mode);
    UUID before = bench.overlay();
    bench.restart().crashAfter = effects;
    bench.login(X, OPERATING_SYSTEM);
    bench.restart();
    bench.system(X);
    assertEquals(1, bench.generation());
    assertEquals(before, bench.overlay());
  }

  @ParameterizedTest
  @EnumSource(What.class)
  void aForcedCommandThatMetACrashHappenedWhollyOrCanBeGivenAgain(What what) {
    for (int effects = 0; effects <= EFFECTS_OF_A_COMMAND; effects++) {
      BootBench bench = running(Mode.PERSISTENT);
      UUID before = bench.overlay();
      bench.crashAfter = effects;
      bench.command(what, true);
      bench.restart();
      long back = bench.login(X, OPERATING_SYSTEM);
      if (bench.forgotten) {
        // Its registration is gone with its record; the bench has no registry to refuse it.
        continue;
      }
      if (bench.answers.get(back) instanceof Answer.Granted granted) {
        assertEquals(before, granted.overlay(), "a running machine got another disk");
        assertInstanceOf(Answer.Completed.class, bench.command(what, true));
      } else {
        bench.refused(back, "restart that machine");
        bench.pass(GRACE);
        bench.firmware(X);
        boolean kept = what == What.BOOT || what == What.REPLACE; // which keeps the identity
        assertEquals(kept, Objects.equals(before, bench.overlay()));
      }
    }
  }
}
