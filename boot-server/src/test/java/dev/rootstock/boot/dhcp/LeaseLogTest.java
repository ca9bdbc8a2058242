// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.clients.RegistryException;
import java.net.Inet4Address;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Leases over restarts, crashes and time. */
class LeaseLogTest {
  private static final int SECONDS = 60;

  @TempDir private Path data;

  private static Lease lease(int host, String holder, long ends) {
    return new Lease(Inet4Address.ofLiteral("10.77.0." + host), holder, ends);
  }

  private List<Lease> read() throws Exception {
    List<Lease> leases = new ArrayList<>();
    LeaseLog.open(data, leases::add).close();
    return leases;
  }

  private static void await(CompletionStage<?> written) throws Exception {
    Object _ = written.toCompletableFuture().get(SECONDS, TimeUnit.SECONDS);
  }

  @Test
  void whatWasWrittenIsThereAfterwards() throws Exception {
    List<CompletionStage<?>> writes = new ArrayList<>();
    try (LeaseLog log = LeaseLog.open(data, lease -> {})) {
      for (int i = 1; i < 200; i++) {
        writes.add(log.write(lease(i, "one" + i, i)));
      }
      for (CompletionStage<?> each : writes) {
        await(each);
      }
    }
    assertEquals(199, read().size());
    assertEquals(lease(1, "one1", 1), read().getFirst());
  }

  /** Whoever waits hears of it, and what was told to be durable is. */
  @Test
  void closingWritesWhatWaits() throws Exception {
    LeaseLog log = LeaseLog.open(data, lease -> {});
    CompletionStage<?> written = log.write(lease(7, "seven", 70));
    log.close();

    await(written);
    assertEquals(List.of(lease(7, "seven", 70)), read());
    assertThrows(
        ExecutionException.class,
        () ->
            log.write(lease(8, "eight", 80)).toCompletableFuture().get(SECONDS, TimeUnit.SECONDS));
  }

  @Test
  void theLatestOfAnAddressAndOfAHolderCounts() throws Exception {
    try (LeaseLog log = LeaseLog.open(data, lease -> {})) {
      await(log.write(lease(1, "one", 10)));
      await(log.write(lease(1, "two", 20)));
      await(log.write(lease(2, "one", 30)));
      await(log.write(lease(3, "one", 40)));
    }
    assertEquals(List.of(lease(1, "two", 20), lease(3, "one", 40)), read());
  }

  /** Power loss: the record was never acknowledged. */
  @Test
  void aTornRecordIsDroppedAndTheRestIsThere() throws Exception {
    try (LeaseLog log = LeaseLog.open(data, lease -> {})) {
      await(log.write(lease(1, "one", 10)));
      await(log.write(lease(2, "two", 20)));
    }
    Path file = data.resolve(LeaseLog.FILE);
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 5));

    assertEquals(List.of(lease(1, "one", 10)), read());
    try (LeaseLog log = LeaseLog.open(data, lease -> {})) {
      await(log.write(lease(3, "three", 30)));
    }
    assertEquals(List.of(lease(1, "one", 10), lease(3, "three", 30)), read());
  }

  @Test
  void damageIsSaidAndNothingIsOverwritten() throws Exception {
    try (LeaseLog log = LeaseLog.open(data, lease -> {})) {
      await(log.write(lease(1, "one", 10)));
      await(log.write(lease(2, "two", 20)));
    }
    Path file = data.resolve(LeaseLog.FILE);
    byte[] bytes = Files.readAllBytes(file);
    bytes[40] ^= 1;
    Files.write(file, bytes, StandardOpenOption.TRUNCATE_EXISTING);

    RegistryException refused = assertThrows(RegistryException.class, this::read);
    assertTrue(String.valueOf(refused.getMessage()).contains(file.toString()));
    assertTrue(String.valueOf(refused.getMessage()).contains("or move it away"));
    assertEquals(bytes.length, Files.size(file));
  }

  /** A renewal an hour for years: the file stays in proportion to the leases. */
  @Test
  void theFileIsWrittenAnewOnceItIsLong() throws Exception {
    int slack = 4_096;
    long longest = 0;
    try (LeaseLog log = LeaseLog.open(data, slack, lease -> {})) {
      for (int i = 0; i < 2_000; i++) {
        await(log.write(lease(1 + i % 3, "holder" + i % 3, i)));
        longest = Math.max(longest, Files.size(data.resolve(LeaseLog.FILE)));
      }
    }
    assertTrue(longest < 3L * slack, "bytes: " + longest);
    assertEquals(
        List.of(lease(3, "holder2", 1_997), lease(1, "holder0", 1_998), lease(2, "holder1", 1_999)),
        read());
  }
}
