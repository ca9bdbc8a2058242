// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Secrets that are made anew for each boot. */
class ChapEachBootTest {
  private static final ClientName ALPHA = new ClientName("alpha");
  private static final Chap.Pair STATIC = new Chap.Pair("alpha", new Secret("a-secret-that-stays"));

  @TempDir private Path data;

  private static BootRecord boot(long generation) {
    return new BootRecord(
        generation,
        Mode.PERSISTENT,
        ImageReference.of("debian", 1),
        UUID.randomUUID(),
        List.of(),
        List.of(),
        Set.of());
  }

  private static Chap chap(Registration registration) {
    return Objects.requireNonNull(registration.chap());
  }

  private static <T> T done(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  private static Registration client(String name) {
    return new Registration(RegistryTest.client(name, null, null, null, null));
  }

  @Test
  void aCommitMakesTheNextSecretThePresentOneAndAnotherTheNext() {
    Registration fresh = client("alpha").withChap(Chap.eachBoot("alpha", null, null, 0));
    Chap.Pair first = chap(fresh).handed().client();
    Registration begun = fresh.withBoot(boot(1));
    assertEquals("alpha/1", first.user());
    assertEquals(first, chap(begun).client());
    assertEquals("alpha/2", chap(begun).handed().client().user());
    assertNotEquals(first.secret(), chap(begun).handed().client().secret());
  }

  @Test
  void whatIsNoNewBootChangesNoSecret() {
    Registration begun =
        client("alpha").withChap(Chap.eachBoot("alpha", null, null, 0)).withBoot(boot(1));
    BootRecord same = Objects.requireNonNull(begun.boot()).with(BootRecord.Flag.OPERATING_SYSTEM);
    assertEquals(begun.chap(), begun.withBoot(same).chap());
  }

  @Test
  void theTargetsSecretIsMadeAnewWithIt() {
    Chap chap = Chap.eachBoot("alpha", "rootstock", null, 0);
    Chap.Pair next = Objects.requireNonNull(chap.handed().target());
    assertEquals("rootstock", next.user());
    Chap begun = chap.begun(1);
    assertEquals(next, begun.target());
    assertNotEquals(next.secret(), Objects.requireNonNull(begun.handed().target()).secret());
  }

  @Test
  void aBootThatRunsKeepsItsSecretUntilTheNext() {
    Chap chap = Chap.eachBoot("alpha", null, new Chap(STATIC, null, false), 7);
    assertEquals(STATIC, chap.client());
    assertEquals(OptionalLong.of(7), chap.bootOf("alpha", 7));
    assertEquals(OptionalLong.of(8), chap.bootOf("alpha/8", 7));
  }

  @Test
  void aClientThatNeverBootedForgetsItsOldSecret() {
    Chap chap = Chap.eachBoot("alpha", null, new Chap(STATIC, null, false), 0);
    assertFalse(chap.proves("alpha"));
    assertTrue(chap.proves("alpha/1"));
  }

  @Test
  void proofsSayOfWhichBootTheyAre() {
    Chap chap = Chap.eachBoot("alpha", null, null, 0).begun(1);
    assertEquals(OptionalLong.of(1), chap.bootOf("alpha/1", 1));
    assertEquals(OptionalLong.of(2), chap.bootOf("alpha/2", 1));
    assertEquals(OptionalLong.of(0), chap.bootOf("alpha/0", 1));
    assertEquals(OptionalLong.empty(), chap.bootOf(null, 1));
    assertEquals(OptionalLong.empty(), new Chap(STATIC, null, true).bootOf("alpha", 1));
  }

  @Test
  void whatNobodyIsToldIsRefused() {
    assertThrows(
        InvalidClientException.class,
        () -> new Chap(STATIC, null, false, Chap.eachBoot("b", null, null, 0).handed()));
  }

  @Test
  void theSecretsOfABootAreDurableWithIt() throws Exception {
    Chap committed;
    try (Registry registry = Registry.open(data)) {
      done(registry.add(client("alpha").client()));
      done(
          registry.update(
              ALPHA, now -> now.withChap(Chap.eachBoot("alpha", "rootstock", null, 0))));
      committed = chap(done(registry.update(ALPHA, now -> now.withBoot(boot(1)))));
    }
    try (Registry registry = Registry.open(data)) {
      assertEquals(committed, registry.find(ALPHA).orElseThrow().chap());
    }
  }

  @Test
  void noTwoClientsHaveTheSameNames() throws Exception {
    try (Registry registry = Registry.open(data)) {
      done(registry.add(client("alpha").client()));
      done(registry.add(client("beta").client()));
      done(registry.update(ALPHA, now -> now.withChap(Chap.eachBoot("host", null, null, 5))));
      assertThrows(
          CompletionException.class,
          () ->
              done(
                  registry.update(
                      new ClientName("beta"),
                      now -> now.withChap(Chap.eachBoot("host", null, null, 0)))));
    }
  }
}
