// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import static dev.rootstock.boot.boots.BootBench.X;
import static dev.rootstock.boot.boots.BootBench.Y;
import static dev.rootstock.boot.boots.InitiatorKind.FIRMWARE;
import static dev.rootstock.boot.boots.InitiatorKind.OPERATING_SYSTEM;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.rootstock.boot.boots.BootBench.Answer;
import dev.rootstock.boot.boots.BootEvent.Command.What;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.target.TargetSession.Liveness;
import org.junit.jupiter.api.Test;

/** What a boot is where secrets are made anew for each. */
class BootProofTest {
  private static final String OVER = "secret of a boot that is over";

  private final BootBench bench = new BootBench();

  /** Firmware and operating system of a boot, the latter's session. */
  private long started(long boot) {
    long firmware = granted(bench.discover().proved(X, FIRMWARE, boot));
    long system = granted(bench.proved(X, OPERATING_SYSTEM, boot));
    bench.close(firmware);
    return system;
  }

  private long granted(long id) {
    assertInstanceOf(Answer.Granted.class, bench.answers.get(id));
    return id;
  }

  @Test
  void theNextBootsSecretBeginsItAndThenGoesOnWithIt() {
    started(1);
    assertEquals(1, bench.generation());
    assertEquals(OPERATING_SYSTEM, bench.access.values().iterator().next().kind());
  }

  @Test
  void aRestartedMachineBeginsTheNextBoot() {
    bench.close(started(1));
    started(2);
    assertEquals(2, bench.generation());
  }

  /** A forged DISCOVER and a lost connection wipe nothing any more. */
  @Test
  void thePresentBootsSecretNeverBeginsOne() {
    bench.close(granted(bench.discover().proved(X, FIRMWARE, 1)));
    bench.discover();
    granted(bench.proved(X, FIRMWARE, 1));
    assertEquals(1, bench.generation());
  }

  @Test
  void anOlderBootsSecretGetsNothing() {
    bench.close(started(1));
    bench.close(started(2));
    bench.refused(bench.proved(X, OPERATING_SYSTEM, 1), OVER);
    bench.refused(bench.proved(X, FIRMWARE, 0), OVER);
    assertEquals(2, bench.generation());
  }

  @Test
  void aNewcomerWithTheNextSecretWaitsWhileTheOlderBootLives() {
    bench.answers(started(1), Liveness.ALIVE);
    bench.refused(bench.proved(Y, FIRMWARE, 2), "boot 1 lives");
    assertEquals(1, bench.generation());
  }

  /** A clone that answers for the machine's own address has no place beside it either. */
  @Test
  void aCloneOfTheAddressDoesNotJoinWithTheNextSecret() {
    bench.answers(started(1), Liveness.ALIVE);
    bench.refused(bench.proved(X, OPERATING_SYSTEM, 2), "boot 1 lives");
    assertEquals(1, bench.access.size());
  }

  @Test
  void theOlderMachineDoesNotComeBackFromTheSameAddress() {
    bench.close(started(1));
    started(2);
    bench.refused(bench.proved(X, OPERATING_SYSTEM, 1), OVER);
  }

  @Test
  void anEndedBootsSecretIsOver() {
    bench.close(started(1));
    bench.pass(BootBench.GRACE);
    assertInstanceOf(Answer.Completed.class, bench.command(What.BOOT, false));
    bench.refused(bench.proved(X, OPERATING_SYSTEM, 1), OVER);
    granted(bench.proved(X, FIRMWARE, 2));
    assertEquals(2, bench.generation());
  }

  @Test
  void anEphemeralBootIsMarkedByItsSecretWithoutFirmware() {
    bench.mode = Mode.EPHEMERAL;
    bench.close(granted(bench.proved(X, OPERATING_SYSTEM, 1)));
    granted(bench.proved(X, OPERATING_SYSTEM, 2));
    assertEquals(2, bench.generation());
  }

  @Test
  void aFirmwareThatAskedAgainKeepsItsDiskAndGetsNoSecondSession() {
    bench.answers(granted(bench.discover().proved(X, FIRMWARE, 1)), Liveness.ALIVE);
    bench.refused(bench.discover().proved(X, FIRMWARE, 2), "asked DHCP in between");
    assertEquals(1, bench.access.size());
    assertEquals(1, bench.generation());
  }

  @Test
  void aRestartOfTheServerEndsNoSecret() {
    started(1);
    bench.restart();
    granted(bench.proved(X, OPERATING_SYSTEM, 1));
    assertEquals(1, bench.generation());
  }
}
