// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.boots.BootBench.Answer;
import dev.rootstock.boot.boots.BootEvent.Command.What;
import dev.rootstock.boot.boots.BootStorm.Machine;
import dev.rootstock.boot.boots.BootStorm.Stage;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Forged packets, twins, cut cables, crashes and commands, in random order. */
class BootStormTest {
  private static final int SEEDS = 400;
  private static final int STEPS = 250;

  private static void everySeed(int machines, Consumer<BootStorm> run) {
    for (int seed = 0; seed < SEEDS; seed++) {
      BootStorm storm = new BootStorm(seed, machines);
      try {
        run.accept(storm);
      } catch (AssertionError e) {
        throw new AssertionError(
            "seed %d, %s: %s%n%s"
                .formatted(
                    seed,
                    storm.bench.mode,
                    e.getMessage(),
                    String.join(System.lineSeparator(), storm.story)),
            e);
      }
    }
  }

  @Test
  void aMachineAloneIsNeverRefusedNorLosesItsDiskToPackets() {
    everySeed(1, BootStormTest::alone);
  }

  private static void alone(BootStorm storm) {
    BootBench bench = storm.bench;
    Machine machine = storm.machines.getFirst();
    @Nullable UUID last = null;
    boolean ran = false;
    for (int step = 0; step < STEPS; step++) {
      switch (storm.choice(9)) {
        case 0 -> bench.discover(storm.random.nextInt(4));
        case 1 -> bench.discover();
        case 2 -> bench.script();
        case 3 -> bench.discoverOfSystem();
        case 4 -> bench.pass(storm.random.nextInt(40_000));
        case 5 -> storm.restartServer();
        case 6 -> storm.powerOff(machine);
        case 7 -> storm.loseConnection(machine);
        default -> {
          if (machine.stage == Stage.OFF) {
            storm.powerOn(machine, storm.random.nextBoolean());
            assertEquals(Stage.FIRMWARE, machine.stage, "refused");
            if (ran && bench.mode.forgets()) {
              assertNotEquals(last, machine.overlay, "a new boot found the old disk");
            } else if (ran) {
              assertEquals(last, machine.overlay);
            }
            ran = false;
          } else {
            storm.systemLogin(machine);
            assertTrue(storm.connected(machine), "refused");
            ran = true;
            last = machine.overlay;
          }
        }
      }
    }
  }

  @Test
  void twinsNeverShareADiskAndNoRunningMachineIsGivenAnother() {
    everySeed(3, BootStormTest::twins);
  }

  private static void twins(BootStorm storm) {
    BootBench bench = storm.bench;
    bench.takeover = storm.random.nextInt(4) == 0;
    for (int step = 0; step < STEPS; step++) {
      Machine machine = storm.any(storm.machines);
      bench.crashAfter = storm.random.nextInt(12) == 0 ? storm.random.nextInt(7) : -1;
      switch (storm.choice(14)) {
        case 0 -> bench.discover();
        case 1 -> bench.script();
        case 2 -> bench.pass(storm.random.nextInt(30_000));
        case 3 -> storm.powerOff(machine);
        case 4 -> storm.loseConnection(machine);
        case 5 -> storm.cut(machine);
        case 6 -> storm.restartServer();
        case 7 -> command(storm);
        case 8 -> bench.version = 1 + storm.random.nextInt(2);
        default -> goOn(storm, machine);
      }
      if (bench.crashed) {
        storm.serverRestarted();
      }
      storm.nobodyIsRobbed();
    }
  }

  private static void command(BootStorm storm) {
    boolean force = storm.random.nextInt(3) == 0;
    What what = storm.any(List.of(What.BOOT, What.RESET));
    @Nullable Answer answer = storm.bench.command(what, force);
    storm.story.addLast(what + (force ? " by force: " : ": ") + answer);
    if (!(answer instanceof Answer.Refused)) {
      storm.machines.forEach(machine -> machine.forfeited = true);
    }
  }

  private static void goOn(BootStorm storm, Machine machine) {
    BootBench bench = storm.bench;
    if (machine.stage == Stage.OFF) {
      storm.powerOn(machine, storm.random.nextInt(4) > 0);
      return;
    }
    machine.cut = false;
    if (storm.connected(machine) && machine.stage == Stage.SYSTEM) {
      return;
    }
    if (machine.stage == Stage.FIRMWARE && storm.random.nextInt(3) == 0) {
      storm.firmwareLogin(machine);
      return;
    }
    boolean inTime =
        machine.stage == Stage.SYSTEM
            && machine.lostAt != Long.MIN_VALUE
            && bench.now - machine.lostAt < BootBench.GRACE
            && !machine.forfeited
            && !bench.takeover
            && bench.crashAfter < 0;
    storm.systemLogin(machine);
    assertTrue(!inTime || storm.connected(machine), "a machine that came back in time was refused");
  }
}
