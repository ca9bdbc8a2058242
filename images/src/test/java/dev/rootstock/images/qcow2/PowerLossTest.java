// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.Durability;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.raw.RawImage;
import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.MemoryFile;
import dev.rootstock.images.testing.MemoryFiles;
import dev.rootstock.images.testing.TestFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Crashes at random moments. After a power loss the file holds everything that was synced, and of
 * what was written since any sectors that like to; after the end of the process alone, everything.
 * A mapping written before its data or count was durable would show as a foreign or an uncounted
 * cluster.
 */
class PowerLossTest {
  private static final int BLOCK = 512;
  private static final int OPERATIONS = 60;
  private static final int CRASHES = 40;

  /** A change as the client sees it; data of null are zeros. */
  private static final class Operation {
    final int firstBlock;
    final int blocks;
    final byte[] data;
    final boolean forced;
    final boolean flush;
    final int begun;
    int acknowledged;

    Operation(int firstBlock, byte[] data, boolean forced, boolean flush, int begun) {
      this.firstBlock = firstBlock;
      this.blocks = data.length / BLOCK;
      this.data = data;
      this.forced = forced;
      this.flush = flush;
      this.begun = begun;
    }

    byte[] block(int block) {
      int at = (block - firstBlock) * BLOCK;
      return Arrays.copyOfRange(data, at, at + BLOCK);
    }
  }

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"9,11", "9,12", "12,13", "16,14"})
  void everyBlockHoldsAValueItHadAndFlushedOnesAreKept(int clusterBits, long seed)
      throws Exception {
    Random random = new Random(seed);
    try (Recording recording = new Recording(folder, clusterBits, random)) {
      for (int i = 0; i < CRASHES; i++) {
        int end = random.nextInt(recording.events.size() + 1);
        boolean power = i % 4 != 0;
        byte[] left =
            crash(recording.first, recording.events.subList(0, end), power ? random : null);
        judge(recording.fixture, left, recording.history, end, power);
      }
    }
  }

  /** The order of writes, without luck: each one reaches the disk ahead of all its like. */
  @ParameterizedTest
  @CsvSource({"9,21", "16,22"})
  void noWriteNamesWhatIsNotDurableYet(int clusterBits, long seed) throws Exception {
    Random random = new Random(seed);
    try (Recording recording = new Recording(folder, clusterBits, random)) {
      int durable = 0;
      for (int i = 0; i < recording.events.size(); i++) {
        if (recording.events.get(i) instanceof TestFiles.Synced) {
          durable = i + 1;
        } else {
          List<TestFiles.Event> reached = new ArrayList<>(recording.events.subList(0, durable));
          reached.add(recording.events.get(i));
          byte[] left = crash(recording.first, reached, null);
          judge(recording.fixture, left, recording.history, i + 1, true);
        }
      }
    }
  }

  /** A run of random operations, with everything that they did to the file. */
  private static final class Recording implements AutoCloseable {
    final OverlayFixture fixture;
    final byte[] first;
    final List<Operation> history = new ArrayList<>();
    final List<TestFiles.Event> events;

    Recording(Path folder, int clusterBits, Random random) throws IOException {
      MemoryFiles memory = new MemoryFiles();
      TestFiles files = new TestFiles(memory);
      int golden = BLOCK * (300 + random.nextInt(100));
      int size = golden + BLOCK * 100;
      fixture = new OverlayFixture(folder, clusterBits, golden, size, 2, memory, files);
      first = memory.content(fixture.overlay);
      for (int i = 0; i < OPERATIONS; i++) {
        history.add(operation(fixture.disk(), files, size / BLOCK, random));
      }
      events = files.events();
      fixture.shut();
    }

    @Override
    public void close() throws IOException {
      fixture.close();
    }
  }

  private static Operation operation(Disk disk, TestFiles files, int blocks, Random random)
      throws IOException {
    int kind = random.nextInt(10);
    int count = 1 + random.nextInt(random.nextInt(4) == 0 ? 200 : 12);
    int block = random.nextInt(blocks - count);
    byte[] data = kind < 2 ? new byte[count * BLOCK] : randomBytes(random, count * BLOCK);
    int begun = files.eventCount();
    Operation operation =
        new Operation(block, kind == 9 ? new byte[0] : data, kind == 8, kind == 9, begun);
    if (kind == 9) {
      disk.flush();
    } else if (kind < 2) {
      disk.discard((long) block * BLOCK, data.length);
    } else {
      Disk.await(
          disk.write(
              (long) block * BLOCK, data, kind == 8 ? Durability.FORCED : Durability.CACHED));
    }
    operation.acknowledged = files.eventCount();
    return operation;
  }

  private static byte[] randomBytes(Random random, int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }

  /** What the disk holds after the events: all of them, or what a power loss leaves. */
  private static byte[] crash(byte[] first, List<TestFiles.Event> events, @Nullable Random power) {
    int durable = events.size();
    while (power != null && durable > 0 && !(events.get(durable - 1) instanceof TestFiles.Synced)) {
      durable--;
    }
    byte[] file = first.clone();
    boolean most = power != null && power.nextBoolean();
    for (int i = 0; i < events.size(); i++) {
      if (events.get(i) instanceof TestFiles.Written(long offset, ByteBuffer bytes)) {
        for (int at = 0; at < bytes.limit(); ) {
          int sector = Math.min(bytes.limit() - at, (int) (BLOCK - (offset + at) % BLOCK));
          boolean lost =
              power != null && i >= durable && (most ? power.nextInt(8) == 0 : power.nextBoolean());
          if (!lost) {
            int to = (int) offset + at;
            file = file.length < to + sector ? Arrays.copyOf(file, to + sector) : file;
            bytes.get(at, file, to, sector);
          }
          at += sector;
        }
      }
    }
    return file;
  }

  private void judge(
      OverlayFixture fixture, byte[] left, List<Operation> history, int end, boolean power)
      throws IOException {
    Walker.check(left);
    byte[] disk;
    try (RawImage golden = RawImage.open(fixture.golden, HostFiles::open);
        OverlayFile overlay =
            OverlayFile.open(folder.resolve("crashed"), (path, mode) -> new MemoryFile(left))) {
      try (var device = overlay.device(golden, fixture.threads, new TableCache(4), () -> {})) {
        disk = new Disk(device).read(0, fixture.model.length);
      }
    }
    byte[] base = Arrays.copyOf(fixture.goldenBytes, fixture.model.length);
    for (int block = 0; block < disk.length / BLOCK; block++) {
      byte[] found = Arrays.copyOfRange(disk, block * BLOCK, (block + 1) * BLOCK);
      byte[] original = Arrays.copyOfRange(base, block * BLOCK, (block + 1) * BLOCK);
      List<byte[]> allowed = allowed(original, block, history, end, power);
      if (allowed.size() == 1) {
        assertArrayEquals(allowed.getFirst(), found, "block " + block + " after event " + end);
      }
      assertTrue(
          allowed.stream().anyMatch(value -> Arrays.equals(value, found)),
          "block " + block + " after event " + end + " holds what it never had");
    }
  }

  /** The values that a block may have: the last one that was promised to last, and all since. */
  private static List<byte[]> allowed(
      byte[] original, int block, List<Operation> history, int end, boolean power) {
    List<byte[]> values = new ArrayList<>(List.of(original));
    for (Operation operation : history) {
      if (operation.begun > end || (operation.begun == end && operation.acknowledged > end)) {
        break;
      }
      boolean acknowledged = operation.acknowledged <= end;
      boolean here =
          block >= operation.firstBlock && block < operation.firstBlock + operation.blocks;
      if (here) {
        values.add(operation.block(block));
      }
      boolean lasts = operation.flush || (here && (operation.forced || !power));
      if (acknowledged && lasts) {
        byte[] last = values.getLast();
        values.clear();
        values.add(last);
      }
    }
    return values;
  }
}
