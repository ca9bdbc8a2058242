// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.BlockIoException.Kind;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.file.NoSpaceException;
import dev.rootstock.images.testing.CrashFiles;
import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.PassingFile;
import dev.rootstock.images.testing.PatternImage;
import dev.rootstock.images.testing.TestFiles;
import dev.rootstock.images.testing.TestFiles.Fault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The same work again and again, each time with another one of its I/Os failing. */
class FaultTest {
  private static final int BLOCK = 512;
  private static final int OPERATIONS = 10;
  private static final int SIZE = BLOCK * 400;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "NO_SPACE,14",
    "NO_SPACE,17",
    "HALF_THEN_NO_SPACE,14",
    "HALF_THEN_NO_SPACE,17",
    "IO_ERROR,14",
    "IO_ERROR,17",
    "HALF_THEN_IO_ERROR,14",
    "HALF_THEN_IO_ERROR,17"
  })
  void writeThatFailsLosesNothingElse(Fault fault, int clusterBits) throws Exception {
    int struck = 0;
    boolean more = true;
    for (int nth = 0; more; nth++) {
      more = run(clusterBits, fault, nth);
      struck += more ? 1 : 0;
    }
    assertTrue(struck > OPERATIONS, "only " + struck + " writes to fail");
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 17})
  void syncThatFailsIsFinalUntilTheOverlayIsReopened(int clusterBits) throws Exception {
    int struck = 0;
    boolean more = true;
    for (int nth = 0; more; nth++) {
      more = run(clusterBits, null, nth);
      struck += more ? 1 : 0;
    }
    assertTrue(struck > 3, "only " + struck + " syncs to fail");
  }

  /** Returns whether the fault has happened: a run without one is the last. */
  private boolean run(int clusterBits, @Nullable Fault fault, int nth) throws Exception {
    CrashFiles memory = new CrashFiles();
    TestFiles files = new TestFiles(memory);
    Random random = new Random(5);
    try (OverlayFixture fixture =
        new OverlayFixture(folder, clusterBits, SIZE - 50 * BLOCK, SIZE, 2, memory, files)) {
      fixture.disk();
      if (fault == null) {
        files.failSyncAfter(nth);
      } else {
        files.failWriteAfter(nth, fault);
      }
      boolean isFinal = false;
      for (int i = 0; i < OPERATIONS; i++) {
        isFinal |= operation(fixture, random, fault, isFinal);
        assertArrayEquals(fixture.model, fixture.disk().read(0, SIZE), "after operation " + i);
      }
      boolean struck = files.struck();
      if (struck) {
        fixture.reopen();
        assertArrayEquals(fixture.model, fixture.disk().read(0, SIZE), "after reopening");
        fixture.write(BLOCK, OverlayFixture.bytes(nth, 99 * BLOCK));
        fixture.disk().flush();
        fixture.reopen();
        assertArrayEquals(fixture.model, fixture.disk().read(0, SIZE), "after more");
        fixture.shut();
      }
      Walker.check(memory.content(fixture.overlay));
      return struck;
    }
  }

  /** Returns whether the overlay says that it can no longer be written. */
  private static boolean operation(
      OverlayFixture fixture, Random random, @Nullable Fault fault, boolean isFinal)
      throws Exception {
    int kind = random.nextInt(8);
    int count = 1 + random.nextInt(30);
    int at = BLOCK * random.nextInt(SIZE / BLOCK - count);
    byte[] data = new byte[count * BLOCK];
    if (kind > 1) {
      random.nextBytes(data);
    }
    try {
      if (kind == 0) {
        fixture.disk().flush();
      } else if (kind == 1) {
        fixture.discard(at, data.length);
      } else {
        fixture.write(at, data);
      }
    } catch (BlockIoException failure) {
      boolean full = fault == Fault.NO_SPACE || fault == Fault.HALF_THEN_NO_SPACE;
      assertEquals(full ? Kind.NO_SPACE : Kind.WRITE_FAILED, failure.kind(), failure.getMessage());
      if (kind > 0) {
        takeOver(fixture, at, data);
      }
      return !full;
    }
    if (isFinal) {
      throw new AssertionError("it was final, and then it was not");
    }
    return false;
  }

  /** Each block of a failed write may be old or new; from then on it is what it was found to be. */
  private static void takeOver(OverlayFixture fixture, int at, byte[] data) throws Exception {
    byte[] found = fixture.disk().read(at, data.length);
    for (int i = 0; i < data.length; i += BLOCK) {
      byte[] block = Arrays.copyOfRange(found, i, i + BLOCK);
      byte[] old = Arrays.copyOfRange(fixture.model, at + i, at + i + BLOCK);
      byte[] fresh = Arrays.copyOfRange(data, i, i + BLOCK);
      assertTrue(
          Arrays.equals(block, old) || Arrays.equals(block, fresh),
          "block at " + (at + i) + " is neither old nor new");
    }
    System.arraycopy(found, 0, fixture.model, at, found.length);
  }

  /** Of each of the writes to files that an allocating write makes. */
  @Test
  void writesWorkAgainWhenThereIsSpace() throws Exception {
    boolean more = true;
    for (int nth = 0; more; nth++) {
      CrashFiles memory = new CrashFiles();
      TestFiles files = new TestFiles(memory);
      try (OverlayFixture fixture = new OverlayFixture(folder, 17, SIZE, SIZE, 2, memory, files)) {
        fixture.disk();
        files.failWriteAfter(nth, Fault.NO_SPACE);
        byte[] data = OverlayFixture.bytes(3, 8 * BLOCK);
        try {
          fixture.disk().write(0, data);
        } catch (BlockIoException full) {
          assertEquals(Kind.NO_SPACE, full.kind());
          assertArrayEquals(fixture.model, fixture.disk().read(0, SIZE), "nothing is mapped");
        }
        more = files.struck();
        files.failWriteAfter(-1, Fault.NO_SPACE);
        fixture.write(0, data);
        assertArrayEquals(fixture.model, fixture.disk().read(0, SIZE));
        fixture.shut();
        byte[] left = memory.content(fixture.overlay);
        Walker.check(left);
        assertEquals(0, Walker.leaks(left), "after fault " + nth);
      }
    }
  }

  /** Nobody counts its memory then: see {@link OverlayWriter#held}. */
  @Test
  void mapThatFindsNoRoomGrowsNoFurtherAndKeepsNobodyBusy() throws Exception {
    CrashFiles memory = new CrashFiles();
    Path overlay = Path.of("/clients/node.qcow2");
    long size = (3L * Limits.CHECKPOINT_CLUSTERS) << 14;
    OverlayFile.create(overlay, memory, Header.layOut(14, size, "golden.raw", OverlayFixture.ID));
    AtomicBoolean full = new AtomicBoolean();
    HostFiles.Opener opener = filling(memory, overlay, full);
    try (IoThreads threads = new IoThreads()) {
      Disk disk = open(overlay, opener, size, threads);
      long table = 1L << 24;
      for (long at = 0; at < size; at += table) {
        disk.write(at, new byte[BLOCK]);
      }
      disk.flush();
      full.set(true);
      try {
        BlockIoException refused =
            assertThrows(BlockIoException.class, () -> disk.discard(0, size));
        assertEquals(Kind.NO_SPACE, refused.kind());
        CompletableFuture.runAsync(disk.device()::close).get(20, TimeUnit.SECONDS);
      } finally {
        full.set(false);
      }
      Disk again = open(overlay, opener, size, threads);
      assertArrayEquals(new byte[BLOCK], again.read(0, BLOCK));
      again.discard(0, size);
      again.flush();
      assertArrayEquals(new byte[BLOCK], again.read(size - BLOCK, BLOCK));
      again.device().close();
    }
    Walker.check(memory.content(overlay));
  }

  private static Disk open(Path overlay, HostFiles.Opener opener, long size, IoThreads threads)
      throws IOException {
    PatternImage golden = new PatternImage(size);
    return new Disk(
        OverlayFile.open(overlay, opener)
            .device(golden, threads, new TableCache(4096), () -> Long.MAX_VALUE, () -> {}));
  }

  /** Files of which one, when it is full, cannot even be overwritten, as where blocks move. */
  private static HostFiles.Opener filling(CrashFiles files, Path one, AtomicBoolean full) {
    return new HostFiles.Opener() {
      @Override
      public HostFile open(Path path, HostFiles.Mode mode) throws IOException {
        return new PassingFile(files.open(path, mode)) {
          @Override
          public void write(long offset, ByteBuffer... parts) throws IOException {
            if (full.get() && path.equals(one)) {
              throw new NoSpaceException("a full disk, by order of the test");
            }
            inner.write(offset, parts);
          }
        };
      }

      @Override
      public boolean delete(Path path) throws IOException {
        return files.delete(path);
      }

      @Override
      public UUID boot() {
        return files.boot();
      }
    };
  }

  @Test
  void unreadableGoldenImageFailsThatWriteAlone() throws Exception {
    CrashFiles memory = new CrashFiles();
    try (OverlayFixture fixture = new OverlayFixture(folder, 17, SIZE, SIZE, 2, memory, memory)) {
      Files.write(fixture.golden, fixture.goldenBytes);
      fixture.disk();
      try (var shorter = FileChannel.open(fixture.golden, StandardOpenOption.WRITE)) {
        shorter.truncate(100_000);
      }
      BlockIoException unreadable =
          assertThrows(
              BlockIoException.class, () -> fixture.disk().write(131_072 + 512, new byte[512]));
      assertEquals(Kind.READ_FAILED, unreadable.kind());
      fixture.disk().write(0, new byte[512]);
      assertThrows(BlockIoException.class, () -> fixture.disk().read(131_072, 512));
    }
  }
}
