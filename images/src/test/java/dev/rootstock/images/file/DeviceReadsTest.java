// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.file;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.Limits;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DeviceReadsTest {

  @Test
  void aDiskThatIsAskedTooMuchStandsInItsOwnWayOnly() throws InterruptedException {
    try (var threads = new IoThreads()) {
      var greedy = new DeviceReads(threads);
      var modest = new DeviceReads(threads);
      var go = new CountDownLatch(1);
      var reading = new CountDownLatch(Limits.READ_THREADS);
      var done = new CountDownLatch(Limits.QUEUED_READS_OF_A_DISK + 1);
      for (int i = 0; i < Limits.READ_THREADS; i++) {
        assertTrue(
            greedy.submit(
                () -> {
                  reading.countDown();
                  await(go);
                }));
      }
      assertTrue(reading.await(10, TimeUnit.SECONDS));
      for (int i = 0; i < Limits.QUEUED_READS_OF_A_DISK; i++) {
        assertTrue(greedy.submit(done::countDown));
      }
      assertFalse(greedy.submit(done::countDown));
      assertTrue(modest.submit(done::countDown));
      go.countDown();
      assertTrue(done.await(10, TimeUnit.SECONDS));
      assertTrue(greedy.submit(() -> {}), "it may ask again once its reads have run");
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
