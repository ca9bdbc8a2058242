// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.IoCompletion;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.testing.CrashFiles;
import dev.rootstock.images.testing.Crashes;
import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.PatternImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Random work on an overlay, with everything that it did to its files, and the judging of what a
 * crash leaves. The work is in a few zones of the disk, on different L2 tables; several operations
 * are under way at a time, on different blocks, and flushes beside them.
 */
final class CrashRecording {
  static final Path OVERLAY = Path.of("/clients/node.qcow2");
  static final Path JOURNAL = Path.of("/clients/node.journal");
  private static final int BLOCK = CrashHistory.BLOCK;
  private static final int ZONE_CLUSTERS = 6;

  private final int clusterBits;
  private final Random random;
  private final PatternImage golden;
  private final long size;
  private final long[] zones;
  private final CrashHistory history;
  private final CrashFiles files = new CrashFiles();
  private final CrashFiles first;
  private final IoThreads threads;
  private long ids;

  CrashRecording(int clusterBits, long seed, int steps, IoThreads threads) throws IOException {
    this.clusterBits = clusterBits;
    this.random = new Random(seed);
    this.threads = threads;
    long cluster = 1L << clusterBits;
    long table = cluster << (clusterBits - 4);
    // The second zone lies across the edge of two tables, and the golden image ends in it.
    golden = new PatternImage(table + (long) BLOCK * random.nextInt((int) cluster / BLOCK));
    size = 2 * table + (ZONE_CLUSTERS + 1) * cluster + (1L + random.nextInt(30)) * BLOCK;
    zones =
        new long[] {
          cluster * random.nextInt(3), table - 3 * cluster, size - ZONE_CLUSTERS * cluster
        };
    zones[2] -= zones[2] % BLOCK;
    history = new CrashHistory(golden);
    OverlayFile.create(
        OVERLAY, files, Header.layOut(clusterBits, size, "golden.raw", OverlayFixture.ID));
    first = files.begin();
    record(steps);
  }

  /** A view of what was done that can be crashed. */
  Crashes crashes() {
    return new Crashes(first, files);
  }

  private void record(int steps) throws IOException {
    // Little memory, so that the need of it brings checkpoints too, or none but for one change.
    int slices = random.nextInt(3) == 0 ? 1 : 16;
    long held = MapMemory.bytes(1, 1) * List.of(1, 3, 9, 1_000).get(random.nextInt(4));
    TableCache cache = new TableCache(slices, held, Limits.UNWRITTEN_SECONDS);
    files.syncNanos(random.nextInt(3) * 100_000L);
    BlockDevice device = open(files, cache);
    for (int i = 0; i < steps; i++) {
      batch(device);
      if (random.nextInt(60) == 0) {
        device.close();
        device = open(files, cache);
      }
    }
    if (random.nextBoolean()) {
      device.close();
    } else {
      Disk.await(device::flush);
    }
  }

  private BlockDevice open(CrashFiles on, TableCache cache) throws IOException {
    return OverlayFile.open(OVERLAY, on)
        .device(golden, threads, cache, () -> Long.MAX_VALUE, () -> {});
  }

  private void batch(BlockDevice device) throws BlockIoException {
    Set<Long> busy = new HashSet<>();
    List<CompletableFuture<@Nullable BlockIoException>> ends = new ArrayList<>();
    for (int i = random.nextInt(6); i >= 0; i--) {
      int kind = random.nextInt(12);
      if (kind == 0) {
        int begun = files.count();
        ends.add(
            Disk.begin(
                done ->
                    device.flush(
                        failure -> {
                          history.add(new CrashHistory.Flush(begun, files.count()));
                          done.completed(failure);
                        })));
      } else {
        change(device, kind, busy, ends);
      }
    }
    for (CompletableFuture<@Nullable BlockIoException> end : ends) {
      Disk.await(end);
    }
  }

  private void change(
      BlockDevice device,
      int kind,
      Set<Long> busy,
      List<CompletableFuture<@Nullable BlockIoException>> ends) {
    long zone = zones[random.nextInt(zones.length)];
    long zoneEnd = Math.min(size, zone + ((long) ZONE_CLUSTERS << clusterBits));
    int blocks = (int) ((zoneEnd - zone) / BLOCK);
    int per = (1 << clusterBits) / BLOCK;
    int most = random.nextInt(6) == 0 ? 3 * per : Math.max(2, per / 8);
    int at = random.nextInt(blocks);
    int count = 1 + random.nextInt(Math.min(most, blocks - at));
    if (random.nextInt(4) == 0) { // whole clusters, as a file system discards them
      at = at / per * per;
      count = Math.min(blocks - at, per * (1 + random.nextInt(2)));
    }
    long firstBlock = zone / BLOCK + at;
    for (long block = firstBlock; block < firstBlock + count; block++) {
      if (!busy.add(block)) {
        return; // another of this batch has it: what it holds would be anybody's guess
      }
    }
    boolean discard = kind < 3;
    long id = discard ? CrashHistory.ZERO : ++ids;
    List<CrashHistory.Value> values = new ArrayList<>();
    ByteBuffer data = ByteBuffer.allocateDirect(count * BLOCK);
    int begun = files.count();
    for (long block = firstBlock; block < firstBlock + count; block++) {
      CrashHistory.Value value = new CrashHistory.Value(id, begun);
      history.add(block, value);
      values.add(value);
      CrashHistory.fill(data, block, id);
    }
    data.flip();
    boolean forced = kind == 11;
    int length = count * BLOCK;
    ends.add(
        Disk.begin(
            done -> {
              IoCompletion counted =
                  failure -> {
                    int now = files.count();
                    for (CrashHistory.Value value : values) {
                      value.forced = forced;
                      value.acknowledged = now;
                    }
                    done.completed(failure);
                  };
              if (discard) {
                device.discard(firstBlock * BLOCK, length, counted);
              } else if (kind == 10) {
                update(device, firstBlock * BLOCK, data, counted);
              } else {
                device.write(
                    firstBlock * BLOCK,
                    new ByteBuffer[] {data},
                    forced ? Durability.FORCED : Durability.CACHED,
                    counted);
              }
            }));
  }

  private static void update(BlockDevice device, long at, ByteBuffer data, IoCompletion counted) {
    device.update(
        at,
        ByteBuffer.allocateDirect(data.remaining()),
        bytes -> {
          bytes.put(data);
          return true;
        },
        Durability.CACHED,
        counted);
  }

  /**
   * Fails unless the files are what a crash may leave: the overlay right in itself before anybody
   * touches it, its disk showing what it may, and all of that again when it is closed.
   *
   * @param moment how many operations had been done
   * @param power whether the power went, now or in a crash before
   */
  void judge(CrashFiles left, int moment, boolean power, int deeper, Random luck)
      throws IOException {
    Walker.check(left.content(OVERLAY));
    CrashFiles before = left.begin();
    TableCache cache = new TableCache(4);
    BlockDevice device = open(left, cache);
    try {
      check(device, moment, power);
      if (deeper > 0 && luck.nextInt(4) == 0) {
        crashAgain(before, left, moment, power, deeper - 1, luck);
      }
    } finally {
      device.close();
    }
    byte[] closed = left.content(OVERLAY);
    Walker.check(closed);
    // A power loss may take the mark that says where to look, and leave what it leaked.
    if (!power && Walker.leaks(closed) != 0) {
      throw new AssertionError(Walker.leaks(closed) + " clusters are leaked for good");
    }
    if (left.exists(JOURNAL)) {
      throw new AssertionError("a journal is left after a clean close");
    }
    if (deeper > 0 && luck.nextInt(4) == 0) {
      crashAgain(before, left, moment, power, deeper - 1, luck);
    }
  }

  /** A crash while the one before was being recovered from. */
  private void crashAgain(
      CrashFiles before, CrashFiles left, int moment, boolean power, int deeper, Random luck)
      throws IOException {
    Crashes again = new Crashes(before, left);
    again.goTo(luck.nextInt(again.count() + 1));
    boolean powerNow = luck.nextBoolean();
    CrashFiles then = powerNow ? again.powerLoss(luck) : again.kill(luck);
    judge(then, moment, power || powerNow, deeper, luck);
  }

  private void check(BlockDevice device, int moment, boolean power) throws IOException {
    for (long zone : zones) {
      long end = Math.min(size, zone + ((long) ZONE_CLUSTERS << clusterBits));
      byte[] bytes = new Disk(device).read(zone, (int) (end - zone));
      ByteBuffer disk = ByteBuffer.wrap(bytes);
      for (int at = 0; at < bytes.length; at += BLOCK) {
        history.check((zone + at) / BLOCK, disk.position(at), moment, power);
      }
    }
  }
}
