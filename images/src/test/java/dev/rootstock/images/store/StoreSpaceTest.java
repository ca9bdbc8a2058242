// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.file.NoSpaceException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What was there is counted behind the opening, and nobody is told anything that is not so. */
class StoreSpaceTest {
  private static final long PATIENCE_SECONDS = 60;

  private final List<String> counted = Collections.synchronizedList(new ArrayList<>());
  private volatile long limit = Long.MAX_VALUE;
  private final StoreSpace space = new StoreSpace(() -> limit);
  private final CountDownLatch slowMayGoOn = new CountDownLatch(1);

  /** Each has 100 bytes; the disk of "slow" takes long to look at. */
  private void sizes(StoreSpace.Account account) {
    if (account.client().equals("slow")) {
      try {
        assertTrue(slowMayGoOn.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
    counted.add(account.client());
    account.overlay.set(100);
  }

  private static <T> T of(CompletableFuture<T> future) throws Exception {
    return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  @Test
  void aClientThatIsUsedBeforeItsTurnIsCountedThenAndNotAgain() throws Exception {
    space.countAll(List.of("slow", "web"), this::sizes);
    StoreSpace.Account web = space.account("web");
    assertEquals(100, web.overlay.bytes());
    web.overlay.take(7);
    slowMayGoOn.countDown();
    assertEquals(207, space.usage().allocatedBytes());
    assertEquals(107, space.usedBy("web"));
    assertEquals(List.of("web", "slow"), counted);
  }

  @Test
  void theSumIsToldWhenAllAreCounted() throws Exception {
    space.countAll(List.of("web", "slow"), this::sizes);
    CompletableFuture<Long> sum =
        CompletableFuture.supplyAsync(() -> space.usage().allocatedBytes());
    assertFalse(sum.isDone());
    slowMayGoOn.countDown();
    assertEquals(200, of(sum));
  }

  @Test
  void aLimitHoldsFromTheFirstWriteOn() {
    limit = 250;
    slowMayGoOn.countDown();
    space.countAll(List.of("web", "slow"), this::sizes);
    assertEquals(List.of("web", "slow"), counted);
    assertThrows(NoSpaceException.class, () -> space.account("web").overlay.take(51));
  }

  @Test
  void aLimitThatComesLaterWaitsForTheCount() throws Exception {
    space.countAll(List.of("slow"), this::sizes);
    StoreSpace.Share fresh = space.share();
    limit = 150;
    CompletableFuture<NoSpaceException> refused =
        CompletableFuture.supplyAsync(
            () -> assertThrows(NoSpaceException.class, () -> fresh.take(51)));
    slowMayGoOn.countDown();
    of(refused);
    assertEquals(100, space.usage().allocatedBytes());
  }
}
