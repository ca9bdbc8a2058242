// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import static dev.rootstock.boot.boots.BootBench.X;
import static dev.rootstock.boot.boots.BootBench.Y;
import static dev.rootstock.boot.boots.InitiatorKind.FIRMWARE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.boots.BootBench.Answer;
import dev.rootstock.boot.boots.BootEvent.Command.What;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.target.TargetSession.Liveness;
import java.net.InetAddress;
import org.junit.jupiter.api.Test;

/** What is chosen from a menu before the login, in the machine alone. */
class BootChoiceTest {
  private final BootBench bench = new BootBench();

  private ImageReference image() {
    return bench.record().image();
  }

  private ImageReference version(int number) {
    return ImageReference.of("debian", number);
  }

  private void kept(InetAddress address, int chosen) {
    assertEquals(new Answer.Completed(), bench.choose(address, chosen));
  }

  private void refused(InetAddress address, String words) {
    Answer answer = bench.choose(address, 2);
    assertTrue(
        answer instanceof Answer.Refused no && no.reason().contains(words), () -> "" + answer);
  }

  @Test
  void theNextBootStandsOnIt() {
    bench.script();
    kept(X, 2);
    bench.firmware(X);
    assertEquals(version(2), image());
  }

  @Test
  void theLastChoiceCounts() {
    bench.script();
    kept(X, 2);
    kept(X, 3);
    bench.firmware(X);
    assertEquals(version(3), image());
  }

  @Test
  void itsBootKeepsItThroughHandoverAndRestart() {
    bench.script();
    kept(X, 2);
    bench.close(bench.firmware(X));
    bench.system(X);
    bench.restart();
    bench.system(X);
    assertEquals(1, bench.generation());
    assertEquals(version(2), image());
  }

  @Test
  void theBootAfterThatHasTheClientsImage() {
    bench.script();
    kept(X, 2);
    bench.close(bench.firmware(X));
    bench.close(bench.system(X));
    bench.discover();
    bench.firmware(X);
    assertEquals(2, bench.generation());
    assertEquals(version(1), image());
  }

  @Test
  void anotherAddressDoesNotGetIt() {
    bench.script();
    kept(Y, 2);
    bench.firmware(X);
    assertEquals(version(1), image());
  }

  @Test
  void whatOthersFetchForgeAndChooseChangesNothing() {
    bench.script();
    kept(X, 2);
    bench.script(Y).discover();
    kept(Y, 3);
    bench.firmware(X);
    assertEquals(version(2), image());
  }

  @Test
  void theScriptFetchedAgainFromThereForgetsIt() {
    bench.script();
    kept(X, 2);
    bench.script(X);
    bench.firmware(X);
    assertEquals(version(1), image());
  }

  @Test
  void itRunsOutAsACandidateDoesWhateverIsForged() {
    bench.script();
    kept(X, 2);
    bench.pass(BootLimits.CANDIDATE.toMillis() + 1).discover();
    bench.firmware(X);
    assertEquals(version(1), image());
  }

  @Test
  void withoutACandidateItIsRefused() {
    refused(X, "too old");
    bench.script().pass(BootLimits.CANDIDATE.toMillis() + 1);
    refused(X, "too old");
    bench.firmware(X);
    assertEquals(version(1), image());
  }

  /** A login that finds the older boot alive closes the candidate, not the choice. */
  @Test
  void itMarksABootAlsoWhenTheCandidateIsGone() {
    bench.discover();
    long older = bench.firmware(X);
    bench.answers(older, Liveness.ALIVE);
    bench.script();
    kept(X, 2);
    bench.refused(Y, FIRMWARE, "boot 1 lives");
    bench.close(older);
    bench.firmware(X);
    assertEquals(2, bench.generation());
    assertEquals(version(2), image());
  }

  @Test
  void whileAnOlderBootLivesItIsRefusedAtTheLoginAsEver() {
    bench.close(bench.firmware(X));
    bench.answers(bench.system(X), Liveness.ALIVE);
    bench.script(Y);
    kept(Y, 2);
    bench.refused(Y, FIRMWARE, "boot 1 lives");
    assertEquals(version(1), image());
  }

  /** It would get the disk of the boot there is, under the name of what it has chosen. */
  @Test
  void livingFirmwareIsNotGivenAnotherImageThanItsOwn() {
    bench.discover();
    bench.answers(bench.firmware(X), Liveness.ALIVE);
    bench.script();
    kept(X, 2);
    bench.refused(X, FIRMWARE, "goes on with debian@1, so its firmware cannot boot debian@2");
    assertEquals(1, bench.generation());
  }

  @Test
  void firmwareThatProvesToBeOfTheBootThereIsIsNotGivenAnotherEither() {
    bench.discover();
    bench.close(bench.firmware(X));
    bench.script();
    kept(X, 2);
    bench.refused(
        bench.proved(X, FIRMWARE, 1),
        "goes on with debian@1, so its firmware cannot boot debian@2");
  }

  @Test
  void livingFirmwareThatChoosesWhatItHasGoesOn() {
    bench.discover();
    bench.answers(bench.firmware(X), Liveness.ALIVE);
    bench.script();
    kept(X, 1);
    bench.firmware(X);
    assertEquals(1, bench.generation());
  }

  @Test
  void whoFindsNoRoomIsRefusedAndPushesNobodyOut() {
    bench.script();
    kept(X, 2);
    for (int i = 1; i < BootLimits.CHOICES; i++) {
      kept(InetAddress.ofLiteral("10.1.0." + i), 3);
    }
    refused(Y, "wait for their boot");
    kept(X, 2);
    bench.firmware(X);
    assertEquals(version(2), image());
    assertTrue(bench.state.choices.isEmpty(), "a new boot forgets them all");
  }

  @Test
  void aRemovedClientChoosesNothing() {
    bench.script();
    bench.command(What.REMOVE, true);
    refused(X, "removed");
  }

  @Test
  void aFailedCommitKeepsItForTheNextLogin() {
    bench.script();
    kept(X, 2);
    bench.failing = effect -> effect instanceof BootEffect.Save;
    bench.refused(X, FIRMWARE, "it failed");
    bench.failing = null;
    bench.firmware(X);
    assertEquals(version(2), image());
  }
}
