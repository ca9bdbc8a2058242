// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.Qemu;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RandomOperationsIT {
  private static final int OPERATIONS = 400;

  @TempDir Path folder;

  /** With one cached table of the many of small clusters, tables come and go all the time. */
  @ParameterizedTest
  @CsvSource({"14,1", "14,2", "15,3", "17,4", "17,5"})
  void diskIsTheModelAndQemuAgrees(int clusterBits, long seed) throws Exception {
    Random random = new Random(seed);
    int golden = 512 * (1 + random.nextInt(6_000));
    int size = golden + 512 * random.nextInt(3_000);
    try (OverlayFixture fixture =
        new OverlayFixture(folder, clusterBits, golden, size, 1, HostFiles::open)) {
      for (int i = 0; i < OPERATIONS; i++) {
        operation(fixture, random);
      }
      fixture.shut();
      Qemu.checkClean(fixture.overlay);
      Qemu.compare(fixture.overlay, fixture.modelFile());
      assertArrayEquals(fixture.goldenBytes, Files.readAllBytes(fixture.golden));
    }
  }

  private static void operation(OverlayFixture fixture, Random random) throws Exception {
    int blocks = fixture.model.length / 512;
    int first = random.nextInt(blocks);
    int most = random.nextInt(10) == 0 ? 1_000 : 20;
    int count = 1 + random.nextInt(Math.min(most, blocks - first));
    int at = first * 512;
    int length = count * 512;
    switch (random.nextInt(12)) {
      case 0, 1, 2 -> fixture.write(at, OverlayFixture.bytes(random.nextLong(), length));
      case 3 -> together(fixture, random);
      case 4 -> fixture.discard(at, length);
      case 5 -> fixture.disk().flush();
      case 6 -> {
        if (random.nextInt(5) == 0) {
          fixture.reopen();
        }
      }
      default -> {
        byte[] expected = Arrays.copyOfRange(fixture.model, at, at + length);
        byte[] tried = fixture.disk().tryRead(at, length);
        if (tried != null) {
          assertArrayEquals(expected, tried, "tryRead at " + at);
        }
        assertArrayEquals(expected, fixture.disk().read(at, length), "read at " + at);
      }
    }
  }

  /** Writes that are under way at the same time, beside each other in few clusters. */
  private static void together(OverlayFixture fixture, Random random) throws Exception {
    int blocks = fixture.model.length / 512;
    int count = 1 + random.nextInt(Math.min(12, blocks));
    int first = random.nextInt(blocks - count + 1);
    List<CompletableFuture<@Nullable BlockIoException>> ends = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] data = OverlayFixture.bytes(random.nextLong(), 512);
      int at = (first + i) * 512;
      Durability durability = random.nextInt(4) == 0 ? Durability.FORCED : Durability.CACHED;
      ends.add(fixture.disk().write(at, data, durability));
      System.arraycopy(data, 0, fixture.model, at, 512);
    }
    for (CompletableFuture<@Nullable BlockIoException> end : ends) {
      Disk.await(end);
    }
  }
}
