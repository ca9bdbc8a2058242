// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import static dev.rootstock.boot.boots.BootBench.GRACE;
import static dev.rootstock.boot.boots.BootBench.X;
import static dev.rootstock.boot.boots.BootBench.Y;
import static dev.rootstock.boot.boots.InitiatorKind.FIRMWARE;
import static dev.rootstock.boot.boots.InitiatorKind.OPERATING_SYSTEM;
import static dev.rootstock.boot.boots.InitiatorKind.UNKNOWN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.boots.BootBench.Answer;
import dev.rootstock.boot.boots.BootEvent.Command.What;
import dev.rootstock.boot.clients.BootRecord.Flag;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.target.TargetSession.Liveness;
import java.net.InetAddress;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class BootMachineTest {
  private final BootBench bench = new BootBench();

  /** iPXE from DISCOVER to a running Linux, with the sessions that real ones make. */
  private long started(InetAddress address) {
    bench.discover().discover();
    bench.close(bench.firmware(address));
    long left = bench.firmware(address);
    bench.answers(left, Liveness.SILENT);
    bench.discoverOfSystem();
    bench.close(bench.system(address));
    return bench.system(address);
  }

  @Nested
  class OneBoot {
    @Test
    void aChainOfDhcpExchangesAndSessionsIsOneBoot() {
      started(X);
      assertEquals(1, bench.generation());
    }

    @Test
    void aRetransmittedDiscoverAfterTheLoginOpensNothing() {
      bench.discover(7);
      bench.close(bench.firmware(X));
      bench.discover(7);
      bench.firmware(X);
      assertEquals(1, bench.generation());
    }

    @Test
    void severalSessionsOfOneMachineShareABoot() {
      bench.mode = Mode.PERSISTENT;
      bench.session(X, UNKNOWN);
      bench.session(X, UNKNOWN);
      assertEquals(2, bench.access.size());
      assertEquals(1, bench.generation());
    }

    @Test
    void aReinstatementIsNoNewBoot() {
      long first = started(X);
      UUID overlay = bench.overlay();
      bench.system(X);
      bench.close(first);
      assertEquals(1, bench.generation());
      assertEquals(overlay, bench.overlay());
    }

    @Test
    void aSecondSessionOfLivingFirmwareIsTheSameBootWhateverDhcpSays() {
      bench.discover();
      bench.answers(bench.firmware(X), Liveness.ALIVE);
      bench.discover();
      bench.firmware(X);
      assertEquals(1, bench.generation());
    }

    @Test
    void theSystemMayHaveAnotherAddressThanItsFirmware() {
      bench.discover();
      bench.answers(bench.firmware(X), Liveness.SILENT);
      bench.system(Y);
      assertEquals(1, bench.generation());
    }
  }

  @Nested
  class NewBoot {
    @Test
    void aCleanRestartGetsANewOverlay() {
      bench.close(started(X));
      UUID overlay = bench.overlay();
      started(X);
      assertEquals(2, bench.generation());
      assertNotEquals(overlay, bench.overlay());
    }

    @Test
    void aHardPowerOffIsFollowedByABootAtOnce() {
      bench.answers(started(X), Liveness.DEAD);
      started(X);
      assertEquals(2, bench.generation());
    }

    @Test
    void aSilentKernelIsDead() {
      bench.answers(started(X), Liveness.SILENT);
      bench.discover();
      bench.firmware(Y);
      assertEquals(2, bench.generation());
    }

    @Test
    void aMachineResetInItsBootLoaderBootsAgainFromItsAddress() {
      bench.discover();
      bench.answers(bench.firmware(X), Liveness.SILENT);
      bench.discover();
      bench.firmware(X);
      assertEquals(2, bench.generation());
    }

    @Test
    void withoutOurDhcpFirmwareAfterASystemMarksIt() {
      bench.firmware(X);
      bench.answers(bench.system(X), Liveness.DEAD);
      bench.firmware(X);
      assertEquals(2, bench.generation());
    }

    @Test
    void withoutOurDhcpFirmwareAtAnotherAddressMarksIt() {
      bench.close(bench.firmware(X)).pass(GRACE);
      bench.firmware(Y);
      assertEquals(2, bench.generation());
      bench.refused(X, OPERATING_SYSTEM, "restart that machine");
    }

    @Test
    void anyOtherInitiatorAfterFirmwareCountsAsASystem() {
      bench.firmware(X);
      bench.close(bench.session(X, UNKNOWN));
      bench.firmware(X);
      assertEquals(2, bench.generation());
    }

    @Test
    void theFirmwareMayHaveAnotherAddressThanTheSystemEachTime() {
      for (int boot = 1; boot <= 2; boot++) {
        bench.answers(bench.firmware(X), Liveness.SILENT);
        bench.answers(bench.system(Y), Liveness.SILENT);
      }
      assertEquals(2, bench.generation());
    }

    @Test
    void aFetchedScriptOpensACandidateToo() {
      bench.close(bench.firmware(X)).script();
      bench.firmware(X);
      assertEquals(2, bench.generation());
    }

    @Test
    void aCandidateIsForgottenAfterAWhile() {
      bench.close(bench.firmware(X));
      bench.discover().pass(BootLimits.CANDIDATE.toMillis() + 1);
      bench.firmware(X);
      assertEquals(1, bench.generation());
    }

    @Test
    void itGetsTheDefaultVersionOfItsTime() {
      bench.close(started(X));
      bench.version = 2;
      started(X);
      assertEquals("debian@2", bench.record().image().toString());
    }

    @Test
    void aPersistentOneKeepsOverlayAndBacking() {
      bench.mode = Mode.PERSISTENT;
      bench.close(started(X));
      UUID overlay = bench.overlay();
      bench.version = 2;
      started(X);
      assertEquals(2, bench.generation());
      assertEquals(overlay, bench.overlay());
      assertEquals("debian@1", bench.record().image().toString());
    }

    @Test
    void aReadOnlyOneHasNoOverlay() {
      bench.mode = Mode.READ_ONLY;
      started(X);
      assertNull(bench.overlay());
      assertNull(bench.stored);
    }

    @Test
    void withoutAnImageItIsRefusedWithTheProblem() {
      bench.imageProblem = "image 'debian' has no version";
      bench.discover().refused(X, FIRMWARE, "has no version");
      assertEquals(0, bench.generation());
    }

    @Test
    void theOrderAtCommitIsTheDesigns() {
      bench.answers(started(X), Liveness.DEAD);
      int mark = bench.effects.size();
      bench.discover();
      bench.firmware(X);
      assertEquals(
          List.of(
              BootEffect.Probe.class,
              BootEffect.Save.class,
              BootEffect.FenceBefore.class,
              BootEffect.CreateOverlay.class,
              BootEffect.OpenDisk.class,
              BootEffect.Grant.class),
          bench.effectsSince(mark));
    }
  }

  @Nested
  class SpoofedPackets {
    @Test
    void aDiscoverDoesNotWipeTheDiskOfAReconnectingSystem() {
      long session = started(X);
      UUID overlay = bench.overlay();
      bench.discover().close(session).discover();
      bench.system(X);
      assertEquals(overlay, bench.overlay());
      assertEquals(1, bench.generation());
    }

    @Test
    void aDiscoverWhileTheServerRestartsDoesNotEither() {
      started(X);
      UUID overlay = bench.overlay();
      bench.restart().discover();
      bench.system(X);
      assertEquals(overlay, bench.overlay());
    }

    @Test
    void aFloodOfDiscoversDoesNothing() {
      started(X);
      int mark = bench.effects.size();
      for (int i = 0; i < 1000; i++) {
        bench.discover();
      }
      assertEquals(mark, bench.effects.size());
      assertTrue(bench.state.transactions.size() <= BootLimits.TRANSACTIONS);
    }

    @Test
    void aDiscoverOfAnOperatingSystemOpensNothing() {
      bench.close(bench.firmware(X));
      bench.discoverOfSystem();
      bench.firmware(X);
      assertEquals(1, bench.generation());
    }

    @Test
    void aFetchedScriptAndAReconnectWipeNothing() {
      long session = started(X);
      UUID overlay = bench.overlay();
      bench.close(session).discover().script().script();
      bench.system(X);
      assertEquals(overlay, bench.overlay());
    }

    @Test
    void proofOfLifeAfterTheDiscoverRefutesIt() {
      bench.discover();
      bench.answers(bench.firmware(X), Liveness.ALIVE);
      bench.discover().refused(Y, FIRMWARE, "lives");
      bench.close(1);
      bench.firmware(X);
      assertEquals(1, bench.generation());
    }
  }

  @Nested
  class TwoMachinesWithOneIdentity {
    @Test
    void theNewcomersFirmwareIsRefusedWhileTheOtherRuns() {
      started(X);
      bench.discover().refused(Y, FIRMWARE, "boot 1 lives: session 4 from 10.0.0.1 answers");
    }

    @Test
    void theNewcomersSystemIsRefusedWhileTheOtherRuns() {
      started(X);
      bench.refused(Y, OPERATING_SYSTEM, "lives");
    }

    @Test
    void theNewcomerIsRefusedWhileTheOtherMayWaitInItsBootLoader() {
      bench.discover();
      bench.answers(bench.firmware(X), Liveness.SILENT);
      bench.discover().refused(Y, FIRMWARE, "may live");
      bench.refused(Y, FIRMWARE, "may live");
      bench.system(X);
      assertEquals(1, bench.generation());
    }

    @Test
    void theNewcomerIsRefusedWhileTheOtherMayComeBack() {
      bench.close(started(X));
      bench.discover().refused(Y, FIRMWARE, "may come back");
      bench.refused(Y, OPERATING_SYSTEM, "may come back");
      bench.system(X);
      assertEquals(1, bench.generation());
    }

    @Test
    void theNewcomerBootsWhenTheOtherDidNotComeBack() {
      bench.close(started(X)).pass(GRACE);
      bench.discover();
      bench.firmware(Y);
      assertEquals(2, bench.generation());
    }

    @Test
    void theOtherIsNotLetOntoTheNewDiskWhenItComesBack() {
      bench.answers(started(X), Liveness.SILENT);
      bench.discover();
      bench.firmware(Y);
      bench.refused(X, OPERATING_SYSTEM, "restart that machine");
      bench.restart();
      bench.refused(X, OPERATING_SYSTEM, "restart that machine");
    }

    @Test
    void norWhenTheNewcomerHasGoneOnWithItsBoot() {
      bench.answers(started(X), Liveness.SILENT);
      bench.system(Y);
      assertEquals(1, bench.generation());
      bench.close(bench.system(Y)).pass(GRACE);
      bench.refused(X, OPERATING_SYSTEM, "restart that machine");
    }

    @Test
    void aSilentSystemLosesTheDiskBeforeAnotherAddressGetsIt() {
      long silent = started(X);
      bench.answers(silent, Liveness.SILENT);
      int mark = bench.effects.size();
      bench.system(Y);
      assertNull(bench.access.get(silent));
      assertEquals(
          List.of(
              BootEffect.Probe.class,
              BootEffect.CloseSessions.class,
              BootEffect.Save.class,
              BootEffect.Grant.class),
          bench.effectsSince(mark));
    }

    @Test
    void norWhenTheNewcomerWentOnWithABootThatSeemedGone() {
      bench.close(started(X)).pass(GRACE);
      bench.close(bench.system(Y)).pass(GRACE);
      bench.refused(X, OPERATING_SYSTEM, "restart that machine");
    }

    @Test
    void aToolMayComeAndGoBetweenTheBootsOfAMachine() {
      bench.mode = Mode.PERSISTENT;
      bench.close(bench.session(Y, UNKNOWN)).pass(GRACE);
      bench.close(started(X)).pass(GRACE);
      bench.session(Y, UNKNOWN);
    }

    @Test
    void theOtherMayBootAgainFromItsFirmware() {
      bench.answers(started(X), Liveness.SILENT);
      bench.answers(started(Y), Liveness.SILENT);
      started(X);
      assertEquals(3, bench.generation());
      bench.refused(Y, OPERATING_SYSTEM, "restart that machine");
    }

    @Test
    void withTakeoverTheNewcomerFencesTheOther() {
      long session = started(X);
      bench.takeover = true;
      bench.discover();
      bench.firmware(Y);
      assertEquals(2, bench.generation());
      assertNull(bench.access.get(session));
      bench.refused(X, OPERATING_SYSTEM, "restart that machine");
    }

    @Test
    void aSessionThatIsJustBeingOpenedCountsAsAlive() {
      bench.mode = Mode.PERSISTENT;
      bench.holding = BootEffect.Grant.class::isInstance;
      bench.login(X, UNKNOWN);
      bench.holding = null;
      bench.refused(Y, UNKNOWN, "is logging in");
    }

    @Test
    void anUnknownInitiatorsSilenceProvesNothing() {
      bench.mode = Mode.PERSISTENT;
      bench.answers(bench.session(X, UNKNOWN), Liveness.SILENT);
      bench.refused(Y, UNKNOWN, "client boot --force");
    }
  }

  @Nested
  class EphemeralWithoutMarks {
    @Test
    void aSystemWithoutFirmwareIsRefusedWithTheReason() {
      bench.discover().refused(X, OPERATING_SYSTEM, "nothing marks where a boot");
      bench.refused(X, UNKNOWN, "nothing marks where a boot");
    }

    @Test
    void theAdministratorCanMarkItsBoots() {
      bench.command(What.BOOT, false);
      bench.close(bench.session(X, UNKNOWN)).pass(GRACE);
      UUID overlay = bench.overlay();
      assertEquals(new Answer.Completed(), bench.command(What.BOOT, false));
      bench.session(X, UNKNOWN);
      assertEquals(2, bench.generation());
      assertNotEquals(overlay, bench.overlay());
    }

    @Test
    void persistentAndReadOnlyOnesNeedNone() {
      bench.mode = Mode.PERSISTENT;
      bench.close(bench.session(X, UNKNOWN));
      bench.session(X, OPERATING_SYSTEM);
      BootBench other = new BootBench();
      other.mode = Mode.READ_ONLY;
      other.session(X, OPERATING_SYSTEM);
      assertEquals(1, bench.generation());
    }
  }

  @Nested
  class Restarts {
    @Test
    void aReconnectAfterARestartIsNoNewBootAndNeedsNoCandidate() {
      started(X);
      UUID overlay = bench.overlay();
      bench.restart();
      bench.system(X);
      assertEquals(1, bench.generation());
      assertEquals(overlay, bench.overlay());
    }

    @Test
    void firmwareStillMarksABootAfterARestart() {
      started(X);
      bench.restart();
      bench.firmware(X);
      assertEquals(2, bench.generation());
    }

    @Test
    void afterARestartAStrangerWaitsForTheMachineToComeBack() {
      started(X);
      bench.restart().discover().refused(Y, FIRMWARE, "may come back");
      bench.pass(GRACE).discover();
      bench.firmware(Y);
      assertEquals(2, bench.generation());
    }

    @Test
    void firmwareGoesOnWithItsBootAfterARestart() {
      bench.discover();
      bench.firmware(X);
      bench.restart();
      bench.firmware(X);
      assertEquals(1, bench.generation());
    }

    @Test
    void anAnnouncedBootIsStillAnnounced() {
      bench.close(started(X)).pass(GRACE);
      bench.command(What.BOOT, false);
      bench.restart();
      bench.firmware(X);
      assertEquals(2, bench.generation());
    }
  }

  @Nested
  class LostOverlay {
    @Test
    void aRunningMachineIsRefusedUntilItsNextBoot() {
      started(X);
      bench.restart();
      bench.stored = null;
      bench.refused(X, OPERATING_SYSTEM, "is not there");
      bench.refused(X, OPERATING_SYSTEM, "lost, damaged or another one");
      bench.discover();
      bench.firmware(X);
      assertEquals(2, bench.generation());
    }

    @Test
    void whatNothingWasFlushedOnIsProvidedAgain() {
      bench.flushing = false;
      started(X);
      UUID overlay = bench.overlay();
      bench.restart().stored = null;
      bench.system(X);
      assertEquals(overlay, bench.overlay());
      assertEquals(1, bench.generation());
    }

    @Test
    void whatAPowerLossHasTornBeforeAnyFlushIsProvidedAgain() {
      bench.flushing = false;
      started(X);
      bench.restart().storedDamaged = true;
      bench.system(X);
      assertEquals(1, bench.generation());
    }

    @Test
    void aFlushWhileARecordIsBeingSavedIsNotForgotten() {
      bench.flushing = false;
      bench.mode = Mode.PERSISTENT;
      started(X);
      bench.holding = effect -> effect instanceof BootEffect.Save;
      bench.command(What.BOOT, true);
      bench.flush().take(new BootEvent.Tick());
      bench.holding = null;
      bench.finishSave();
      assertTrue(bench.record().has(Flag.OVERLAY_IN_PLACE));
      bench.restart().stored = null;
      bench.discover().refused(X, FIRMWARE, "is not there");
    }

    @Test
    void itIsNotForgottenWhenTheServerRestartsOrTheFileComesBack() {
      started(X);
      UUID overlay = bench.overlay();
      bench.restart().stored = null;
      bench.refused(X, OPERATING_SYSTEM, "is not there");
      bench.restart().stored = overlay;
      bench.refused(X, OPERATING_SYSTEM, "lost, damaged or another one");
    }

    @Test
    void anotherOverlayInItsPlaceIsALoss() {
      started(X);
      bench.restart();
      bench.stored = UUID.randomUUID();
      bench.refused(X, OPERATING_SYSTEM, "is not there");
      assertTrue(bench.record().has(Flag.OVERLAY_LOST));
    }

    @Test
    void aPersistentOneIsRefusedAtItsNextBootsToo() {
      bench.mode = Mode.PERSISTENT;
      started(X);
      bench.restart().stored = null;
      bench.refused(X, OPERATING_SYSTEM, "is not there");
      bench.discover().refused(X, FIRMWARE, "client reset");
      assertEquals(1, bench.generation());
    }

    @Test
    void aPersistentOneBootsAfterAReset() {
      bench.mode = Mode.PERSISTENT;
      started(X);
      bench.restart().stored = null;
      bench.refused(X, OPERATING_SYSTEM, "is not there");
      bench.pass(GRACE).command(What.RESET, false);
      started(X);
      assertEquals(2, bench.generation());
    }

    @Test
    void aPersistentOneBootsFromARestoredFileWhenTheAdministratorSaysSo() {
      bench.mode = Mode.PERSISTENT;
      started(X);
      UUID overlay = bench.overlay();
      bench.restart().stored = null;
      bench.refused(X, OPERATING_SYSTEM, "is not there");
      bench.stored = overlay;
      bench.pass(GRACE).command(What.BOOT, false);
      bench.refused(X, OPERATING_SYSTEM, "restart that machine");
      started(X);
      assertEquals(overlay, bench.overlay());
    }
  }
}
