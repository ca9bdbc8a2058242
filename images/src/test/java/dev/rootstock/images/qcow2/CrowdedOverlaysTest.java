// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.testing.CrashFiles;
import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.PatternImage;
import dev.rootstock.images.testing.TestFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Overlays that together have less memory for their maps' changes than they want. */
class CrowdedOverlaysTest {
  private static final int OVERLAYS = 24;
  private static final int WRITES = 24;
  private static final int BLOCK = 4096;
  private static final long SLICE = 128L * (128 << 10);
  private static final long SIZE = WRITES * SLICE;
  private static final long OF_ONE = MapMemory.bytes(1, 1);
  private static final long NEVER = 1_000_000;

  private final CrashFiles memoryFiles = new CrashFiles();
  private final IoThreads threads = new IoThreads();
  private final List<BlockDevice> open = new ArrayList<>();

  @AfterEach
  void close() {
    open.forEach(BlockDevice::close);
    threads.close();
  }

  private Disk disk(int number, TableCache cache, HostFiles.Opener opener) throws IOException {
    Path path = Path.of("/overlays/client" + number + ".qcow2");
    OverlayFile.create(path, memoryFiles, UUID.randomUUID(), SIZE, "golden.raw");
    BlockDevice device =
        OverlayFile.open(path, opener)
            .device(new PatternImage(SIZE), threads, cache, () -> Long.MAX_VALUE, () -> {});
    open.add(device);
    return new Disk(device);
  }

  private List<Disk> disks(TableCache cache) throws IOException {
    List<Disk> disks = new ArrayList<>();
    for (int i = 0; i < OVERLAYS; i++) {
      disks.add(disk(i, cache, memoryFiles));
    }
    return disks;
  }

  private static byte[] data(int overlay, int write) {
    return OverlayFixture.bytes(1000L * overlay + write, BLOCK);
  }

  /** Each writes to another slice of each overlay; nobody flushes. Returns the most ever held. */
  private static long writeEverywhere(List<Disk> disks, TableCache cache) throws IOException {
    AtomicLong most = new AtomicLong();
    List<CompletableFuture<@Nullable BlockIoException>> ends = new ArrayList<>();
    for (int write = 0; write < WRITES; write++) {
      for (int i = 0; i < disks.size(); i++) {
        CompletableFuture<@Nullable BlockIoException> end =
            disks.get(i).write(write * SLICE, data(i, write), Durability.CACHED);
        ends.add(
            end.whenComplete((done, bug) -> most.accumulateAndGet(cache.memory.held(), Math::max)));
      }
    }
    for (CompletableFuture<@Nullable BlockIoException> end : ends) {
      Disk.await(end);
    }
    for (int i = 0; i < disks.size(); i++) {
      for (int write = 0; write < WRITES; write++) {
        assertArrayEquals(data(i, write), disks.get(i).read(write * SLICE, BLOCK));
      }
    }
    return most.get();
  }

  @Test
  void allTogetherNeverHoldMoreThanTheBound() throws IOException {
    long bound = 20 * OF_ONE;
    TableCache cache = new TableCache(40, bound, NEVER);
    long most = writeEverywhere(disks(cache), cache);
    assertTrue(most > 0 && most <= bound, most + " bytes of " + bound);
    assertTrue(cache.size() <= 40, cache.size() + " slices");
  }

  @Test
  void nobodyWaitsForEverWhenThereIsRoomForOneChange() throws IOException {
    TableCache cache = new TableCache(4, OF_ONE, NEVER);
    assertTrue(writeEverywhere(disks(cache), cache) <= OF_ONE);
  }

  @Test
  void nobodyWaitsForEverWhenThereIsRoomForNothing() throws IOException {
    TableCache cache = new TableCache(1, 1, NEVER);
    assertTrue(writeEverywhere(disks(cache), cache) <= OF_ONE);
  }

  @Test
  void changesOfManyKindsGoOnWithRoomForNothing() throws IOException {
    Disk disk = disk(0, new TableCache(1, 1, NEVER), memoryFiles);
    disk.write(0, data(0, 0));
    disk.write(SLICE - BLOCK / 2, data(0, 1));
    disk.discard(SLICE, SIZE - SLICE);
    disk.update(
        0,
        512,
        bytes -> {
          bytes.put(0, (byte) 1);
          return true;
        });
    disk.flush();
    byte[] expected = data(0, 0);
    expected[0] = 1;
    assertArrayEquals(expected, disk.read(0, BLOCK));
    assertArrayEquals(new byte[BLOCK], disk.read(2 * SLICE, BLOCK));
  }

  @Test
  void whenAllIsHeldEveryWriterWaitsAndThenGoesOn() throws IOException {
    TableCache cache = new TableCache(40, 20 * OF_ONE, NEVER);
    AtomicBoolean asked = new AtomicBoolean();
    MapMemory.Share other = cache.memory.share(() -> asked.set(true), () -> {});
    other.take(20 * OF_ONE, 20 * OF_ONE);
    List<Disk> disks = disks(cache);
    List<CompletableFuture<@Nullable BlockIoException>> ends = new ArrayList<>();
    for (int i = 0; i < OVERLAYS; i++) {
      ends.add(disks.get(i).write(0, data(i, 0), Durability.CACHED));
    }
    await(() -> cache.memory.waiting() == OVERLAYS);
    assertTrue(asked.get());
    assertTrue(ends.stream().noneMatch(CompletableFuture::isDone));
    for (Disk disk : disks) {
      assertEquals(BLOCK, disk.read(SLICE, BLOCK).length, "reads do not wait");
    }
    other.written(0);
    other.close();
    for (CompletableFuture<@Nullable BlockIoException> end : ends) {
      Disk.await(end);
    }
  }

  @Test
  void aDiskThatWaitsCanBeClosed() throws Exception {
    TableCache cache = new TableCache(40, OF_ONE, NEVER);
    MapMemory.Share other = cache.memory.share(() -> {}, () -> {});
    other.take(OF_ONE, OF_ONE);
    Disk disk = disk(0, cache, memoryFiles);
    CompletableFuture<@Nullable BlockIoException> end =
        disk.write(0, data(0, 0), Durability.CACHED);
    await(() -> cache.memory.waiting() == 1);
    Thread closing = Thread.ofVirtual().start(disk.device()::close);
    assertFalse(end.isDone());
    other.close();
    Disk.await(end);
    assertTrue(closing.join(Duration.ofSeconds(60)));
    assertEquals(0, cache.memory.held());
  }

  @Test
  void aDiskThatCannotBeWrittenAnyMoreIsNotWaitedFor() throws IOException {
    TableCache cache = new TableCache(40, OF_ONE, NEVER);
    TestFiles failing = new TestFiles(memoryFiles);
    Disk broken = disk(0, cache, failing);
    Disk sound = disk(1, cache, memoryFiles);
    failing.failSyncAfter(0);
    broken.write(0, data(0, 0));
    assertThrows(BlockIoException.class, broken::flush);
    sound.write(0, data(1, 0));
    sound.write(SLICE, data(1, 1));
    assertArrayEquals(data(0, 0), broken.read(0, BLOCK));
    assertThrows(BlockIoException.class, () -> broken.write(SLICE, data(0, 1)));
  }

  @Test
  void anIdleDiskHoldsNothing() throws IOException {
    TableCache cache = new TableCache(40, 20 * OF_ONE, 0);
    Disk disk = disk(0, cache, memoryFiles);
    for (int write = 0; write < 3; write++) {
      disk.write(write * SLICE, data(0, write));
      await(() -> cache.memory.held() == 0);
    }
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "it did not come to pass");
      LockSupport.parkNanos(1_000_000);
    }
  }
}
