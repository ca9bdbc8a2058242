// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import static dev.rootstock.boot.boots.BootBench.GRACE;
import static dev.rootstock.boot.boots.BootBench.X;
import static dev.rootstock.boot.boots.BootBench.Y;
import static dev.rootstock.boot.boots.InitiatorKind.FIRMWARE;
import static dev.rootstock.boot.boots.InitiatorKind.OPERATING_SYSTEM;
import static dev.rootstock.boot.boots.InitiatorKind.UNKNOWN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.boots.BootBench.Answer;
import dev.rootstock.boot.boots.BootEvent.Command.What;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.target.TargetSession.Liveness;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The administrator's commands, failures and bounds. */
class BootCommandTest {
  private final BootBench bench = new BootBench();

  private long running() {
    bench.discover();
    bench.answers(bench.firmware(X), Liveness.SILENT);
    return bench.system(X);
  }

  @ParameterizedTest
  @EnumSource(What.class)
  void aLivingSessionIsNamedAndLeftAlone(What what) {
    long session = running();
    Answer.Refused refused = assertInstanceOf(Answer.Refused.class, bench.command(what, false));
    assertTrue(refused.reason().contains("session " + session + " from 10.0.0.1 answers"));
    assertTrue(refused.reason().contains("--force"));
    assertTrue(bench.access.containsKey(session));
  }

  @ParameterizedTest
  @EnumSource(What.class)
  void aMachineThatMayComeBackIsLeftAlone(What what) {
    bench.close(running());
    assertInstanceOf(Answer.Refused.class, bench.command(what, false));
    bench.system(X);
  }

  @ParameterizedTest
  @EnumSource(What.class)
  void forceTakesTheDiskAwayFirst(What what) {
    running();
    assertEquals(new Answer.Completed(), bench.command(what, true));
    assertTrue(bench.access.isEmpty());
  }

  @Test
  void aMachineWhoseBootWasEndedByForceHasToRestart() {
    running();
    bench.command(What.RESET, true);
    bench.refused(X, OPERATING_SYSTEM, "restart that machine");
    bench.restart();
    bench.refused(X, OPERATING_SYSTEM, "restart that machine");
    bench.firmware(X);
    assertEquals(2, bench.generation());
  }

  @Test
  void aClientWithoutFirmwareIsLetInAgainByASecondBoot() {
    bench.mode = Mode.PERSISTENT;
    bench.session(X, UNKNOWN);
    bench.command(What.BOOT, true);
    bench.refused(X, UNKNOWN, "rootstock client boot");
    bench.command(What.BOOT, false);
    bench.session(X, UNKNOWN);
    assertEquals(2, bench.generation());
  }

  @Test
  void forceAgainLetsNobodyIn() {
    bench.mode = Mode.PERSISTENT;
    bench.session(X, UNKNOWN);
    bench.command(What.BOOT, true);
    bench.command(What.BOOT, true);
    bench.refused(X, UNKNOWN, "rootstock client boot");
    bench.command(What.BOOT, false);
    bench.session(X, UNKNOWN);
    assertEquals(2, bench.generation());
  }

  @Test
  void resetDropsWhatAPersistentClientWrote() {
    bench.mode = Mode.PERSISTENT;
    bench.close(running()).pass(GRACE);
    UUID overlay = bench.overlay();
    assertEquals(new Answer.Completed(), bench.command(What.RESET, false));
    assertNull(bench.stored);
    bench.firmware(X);
    assertNotEquals(overlay, bench.overlay());
  }

  @Test
  void resetGivesThePersistentClientTodaysDefaultVersion() {
    bench.mode = Mode.PERSISTENT;
    bench.close(running()).pass(GRACE);
    bench.version = 2;
    bench.command(What.RESET, false);
    bench.firmware(X);
    assertEquals("debian@2", bench.record().image().toString());
  }

  @Test
  void bootKeepsWhatAPersistentClientWrote() {
    bench.mode = Mode.PERSISTENT;
    bench.close(running()).pass(GRACE);
    UUID overlay = bench.overlay();
    bench.command(What.BOOT, false);
    bench.firmware(X);
    assertEquals(2, bench.generation());
    assertEquals(overlay, bench.overlay());
  }

  @Test
  void aReplacedDiskIsWhatTheNextBootGoesOnWith() {
    bench.mode = Mode.PERSISTENT;
    bench.close(running()).pass(GRACE);
    UUID overlay = bench.overlay();
    assertEquals(new Answer.Completed(), bench.replace(2, false));
    assertEquals(overlay, bench.record().overlay());
    assertEquals("debian@2", bench.record().image().toString());
    bench.firmware(X);
    assertEquals(2, bench.generation());
    assertEquals(overlay, bench.overlay());
    assertEquals("debian@2", bench.record().image().toString());
  }

  @Test
  void aDiskThatIsRestoredOnceTheClientIsPersistentIsNotForgottenByItsNextBoot() {
    bench.mode = Mode.EPHEMERAL;
    bench.close(running()).pass(GRACE);
    bench.mode = Mode.PERSISTENT;
    assertEquals(new Answer.Completed(), bench.replace(2, false));
    UUID restored = bench.overlay();
    bench.firmware(X);
    assertEquals(restored, bench.overlay());
    assertEquals("debian@2", bench.record().image().toString());
  }

  @Test
  void aDiskIsPutBackAfterAReset() {
    bench.mode = Mode.PERSISTENT;
    bench.close(running()).pass(GRACE);
    bench.command(What.RESET, false);
    assertEquals(new Answer.Completed(), bench.replace(1, false));
    UUID restored = bench.stored;
    bench.firmware(X);
    assertEquals(restored, bench.overlay());
  }

  @Test
  void aDiskInUseIsNotReplacedUnlessByForce() {
    bench.mode = Mode.PERSISTENT;
    long session = running();
    bench.answers(session, Liveness.ALIVE);
    assertTrue(bench.replace(2, false) instanceof Answer.Refused);
    assertEquals(new Answer.Completed(), bench.replace(2, true));
    bench.refused(X, OPERATING_SYSTEM, "restart that machine");
  }

  @Test
  void aDiskThatWasLostIsPutBack() {
    bench.mode = Mode.PERSISTENT;
    bench.close(running()).pass(GRACE);
    bench.stored = null;
    bench.restart().pass(GRACE);
    bench.refused(X, FIRMWARE, "not there");
    bench.refused(X, FIRMWARE, "lost");
    assertEquals(new Answer.Completed(), bench.replace(1, true));
    bench.firmware(X);
    assertEquals(bench.stored, bench.overlay());
  }

  @Test
  void aClientThatNeverBootedHasNoDiskToReplace() {
    bench.mode = Mode.PERSISTENT;
    assertTrue(bench.replace(1, false) instanceof Answer.Refused);
  }

  @Test
  void aRemovedClientRefusesEverybody() {
    bench.close(running()).pass(GRACE);
    assertEquals(new Answer.Completed(), bench.command(What.REMOVE, false));
    assertTrue(bench.forgotten);
    bench.refused(X, FIRMWARE, "removed");
  }

  @Test
  void loginsThatWaitedForARemovalAreRefused() {
    bench.close(running()).pass(GRACE);
    bench.holding = BootEffect.ForgetClient.class::isInstance;
    long remove = 100;
    bench.take(new BootEvent.Command(remove, What.REMOVE, false));
    long waiting = bench.login(X, FIRMWARE);
    assertFalse(bench.answers.containsKey(waiting));
    bench.take(new BootEvent.Done());
    bench.refused(waiting, "removed");
  }

  @Test
  void aRemovalThatFailsLeavesTheClient() {
    bench.close(running()).pass(GRACE);
    bench.failing = BootEffect.ForgetClient.class::isInstance;
    assertInstanceOf(Answer.Refused.class, bench.command(What.REMOVE, false));
    bench.failing = null;
    bench.firmware(X);
  }

  @Test
  void aRemovalWhoseFenceFailsLeavesNoFencedDiskToTheNextLogin() {
    running();
    bench.failing = BootEffect.FenceBefore.class::isInstance;
    assertInstanceOf(Answer.Refused.class, bench.command(What.REMOVE, true));
    assertTrue(bench.access.isEmpty());
    assertEquals(0, bench.openDisk);
    bench.failing = null;
    bench.system(X);
    assertEquals(1, bench.openDisk);
  }

  @Test
  void aFailedFenceKeepsTheNewcomerOutUntilItSucceeds() {
    bench.answers(running(), Liveness.SILENT);
    bench.failing = BootEffect.FenceBefore.class::isInstance;
    bench.discover().refused(Y, FIRMWARE, "it failed");
    bench.refused(Y, FIRMWARE, "it failed");
    bench.failing = null;
    bench.firmware(Y);
    assertEquals(2, bench.generation());
    assertEquals(1, bench.access.size());
  }

  @Test
  void anOverlayThatCouldNotBeMadeIsMadeForTheNextLogin() {
    bench.failing = BootEffect.CreateOverlay.class::isInstance;
    bench.discover().refused(X, FIRMWARE, "it failed");
    bench.failing = null;
    bench.firmware(X);
    assertEquals(1, bench.generation());
  }

  @Test
  void aRecordThatCouldNotBeWrittenLeavesTheOlderBoot() {
    bench.close(running());
    UUID overlay = bench.overlay();
    bench.failing = BootEffect.Save.class::isInstance;
    bench.discover().refused(X, FIRMWARE, "it failed");
    bench.failing = null;
    bench.system(X);
    assertEquals(1, bench.generation());
    assertEquals(overlay, bench.overlay());
  }

  @Test
  void aDiskThatCannotBeReadNowIsNoLoss() {
    running();
    bench.restart().failing = BootEffect.OpenDisk.class::isInstance;
    bench.refused(X, OPERATING_SYSTEM, "it failed");
    bench.failing = null;
    bench.system(X);
  }

  @Test
  void loginsWaitForTheirTurnAndNoMoreThanSome() {
    bench.holding = BootEffect.Save.class::isInstance;
    long first = bench.login(X, FIRMWARE);
    for (int i = 0; i < BootLimits.WAITING; i++) {
      bench.login(X, FIRMWARE);
    }
    bench.refused(X, FIRMWARE, "wait already");
    assertFalse(bench.answers.containsKey(first));
    bench.holding = null;
    bench.durable = ((BootEffect.Save) bench.effects.getFirst()).record();
    bench.take(new BootEvent.Done());
    assertEquals(1 + BootLimits.WAITING, bench.access.size());
  }

  @Test
  void sessionsAreBounded() {
    bench.mode = Mode.PERSISTENT;
    for (int i = 0; i < BootLimits.SESSIONS; i++) {
      bench.session(X, UNKNOWN);
    }
    bench.refused(X, UNKNOWN, "sessions already");
  }

  @Test
  void aDiskWithoutSessionsIsClosedAfterAWhileAndOpenedForAReconnect() {
    bench.close(running());
    bench.close(1);
    assertEquals(1, bench.openDisk);
    bench.pass(BootLimits.IDLE.toMillis());
    assertEquals(0, bench.openDisk);
    bench.system(X);
    assertEquals(1, bench.openDisk);
  }

  @Test
  void aDiskThatIsUsedAgainStaysOpen() {
    long session = running();
    bench.close(1).close(session).pass(BootLimits.IDLE.toMillis() / 2);
    bench.close(bench.system(X)).pass(BootLimits.IDLE.toMillis() / 2);
    assertEquals(1, bench.openDisk);
  }

  @Test
  void aSessionThatOpensAfterItsBootIsOverIsClosed() {
    bench.take(new BootEvent.SessionOpened(77));
    assertInstanceOf(BootEffect.CloseSession.class, bench.effects.getLast());
  }
}
