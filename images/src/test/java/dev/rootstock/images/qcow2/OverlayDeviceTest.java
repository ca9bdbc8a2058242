// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.Extent;
import dev.rootstock.images.block.Loan;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.raw.RawImage;
import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.TestFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OverlayDeviceTest {
  private static final int CLUSTER = 131_072;
  private static final int SUB = 4_096;
  private static final int GOLDEN = 4 * CLUSTER + 512;
  private static final int SIZE = 6 * CLUSTER;

  @TempDir Path folder;
  private TestFiles files = new TestFiles();
  private OverlayFixture fixture;
  private Disk disk;

  @BeforeEach
  void open() throws Exception {
    files = new TestFiles();
    fixture = new OverlayFixture(folder, 17, GOLDEN, SIZE, 16, files);
    disk = fixture.disk();
  }

  @AfterEach
  void goldenImageIsAsItWas() throws Exception {
    fixture.close();
    assertArrayEquals(fixture.goldenBytes, Files.readAllBytes(fixture.golden));
  }

  private int syncs() {
    return (int) files.events().stream().filter(TestFiles.Synced.class::isInstance).count();
  }

  @Test
  void cachedGoldenAndWrittenClustersAreServedAtOnce() throws Exception {
    byte[] data = OverlayFixture.bytes(1, 4096);
    fixture.write(CLUSTER + 512, data);
    disk.read(0, SIZE); // loads the map and the page cache
    byte[] all = disk.tryRead(0, SIZE);
    assertNotNull(all);
    assertArrayEquals(fixture.model, all);
  }

  @Test
  void mapThatIsNotInMemoryLeavesTheEventLoop() throws Exception {
    fixture.write(0, OverlayFixture.bytes(1, 512));
    fixture.reopen();
    disk = fixture.disk();
    assertNull(disk.tryRead(0, 512));
    assertInstanceOf(Extent.Mutable.class, disk.device().extents(0, 512).getFirst());
    disk.read(0, 512);
    assertNotNull(disk.tryRead(0, 512));
  }

  @Test
  void extentsSayWhereBytesComeFrom() throws Exception {
    fixture.write(CLUSTER, OverlayFixture.bytes(1, 2 * CLUSTER));
    fixture.discard(3L * CLUSTER, CLUSTER);
    disk.read(0, 512);
    List<Extent> extents = disk.device().extents(512, SIZE - 512);
    assertEquals(5, extents.size(), extents.toString());
    Extent.Immutable golden = assertInstanceOf(Extent.Immutable.class, extents.get(0));
    assertEquals(512, golden.offset());
    assertEquals(512, golden.fileOffset());
    assertEquals(CLUSTER - 512, golden.length());
    ByteBuffer direct = ByteBuffer.allocate(1024);
    golden.file().read(direct, golden.fileOffset());
    assertArrayEquals(Arrays.copyOfRange(fixture.goldenBytes, 512, 1536), direct.array());
    assertEquals(new Extent.Mutable(CLUSTER, 2 * CLUSTER), extents.get(1));
    assertEquals(new Extent.Zero(3 * CLUSTER, CLUSTER), extents.get(2));
    assertInstanceOf(Extent.Immutable.class, extents.get(3));
    assertEquals(new Extent.Zero(GOLDEN, SIZE - GOLDEN), extents.get(4));
  }

  @Test
  void lendsWhatShowsTheGoldenImageAndNothingElse() throws Exception {
    fixture.write(CLUSTER, OverlayFixture.bytes(1, 4096));
    fixture.discard(3L * CLUSTER, CLUSTER);
    assertNull(fixture.disk().device().tryLend(3L * CLUSTER, 4096), "zeros");
    disk.read(0, SIZE); // loads the map and the page cache
    Loan loan = disk.device().tryLend(512, CLUSTER - 512);
    assertNotNull(loan);
    byte[] found = new byte[CLUSTER - 512];
    loan.bytes().get(found);
    assertArrayEquals(Arrays.copyOfRange(fixture.goldenBytes, 512, CLUSTER), found);
    loan.giveBack();
    assertNull(disk.device().tryLend(CLUSTER, 4096), "the client's own");
    assertNull(disk.device().tryLend(CLUSTER - 4096, 8192), "half of it the client's own");
    assertNull(disk.device().tryLend(GOLDEN - 512, 1024), "behind the golden image's end");
    Loan behind = disk.device().tryLend(CLUSTER + 4096, 8192);
    assertNotNull(behind, "another sub-cluster of the same cluster");
    behind.giveBack();
  }

  @Test
  void writesNeedNoSyncAndAFlushOfRewrittenBytesNeedsOne() throws Exception {
    int first = syncs();
    disk.write(0, new byte[4096]);
    assertEquals(first, syncs(), "an allocating write");
    disk.flush();
    assertEquals(first + 2, syncs(), "data, then the map");
    int before = syncs();
    for (int i = 0; i < 8; i++) {
      fixture.write(512L * i, OverlayFixture.bytes(i, 512));
    }
    assertEquals(before, syncs());
    disk.flush();
    assertEquals(before + 1, syncs());
    disk.flush();
    assertEquals(before + 1, syncs(), "nothing was written since");
    disk.force(0, OverlayFixture.bytes(9, 512));
    assertEquals(before + 2, syncs());
  }

  @Test
  void firstFlushAfterOpeningSyncsWhatAnEarlierProcessLeft() throws Exception {
    int before = syncs();
    disk.flush();
    assertEquals(before + 1, syncs());
  }

  @Test
  void concurrentWritesShareSyncs() throws Exception {
    int before = syncs();
    List<CompletableFuture<@Nullable BlockIoException>> ends = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      byte[] data = OverlayFixture.bytes(i, 512);
      int at = i % 6 * CLUSTER + i * 512;
      ends.add(disk.write(at, data, Durability.FORCED));
      System.arraycopy(data, 0, fixture.model, at, 512);
    }
    for (CompletableFuture<@Nullable BlockIoException> end : ends) {
      Disk.await(end);
    }
    assertTrue(syncs() - before < 50, (syncs() - before) + " syncs for 100 writes");
    assertArrayEquals(fixture.model, disk.read(0, SIZE));
  }

  @Test
  void gatheredPiecesOfOddSizesAreWrittenInOrder() throws Exception {
    byte[] data = OverlayFixture.bytes(4, 3 * 512);
    ByteBuffer[] parts = {
      ByteBuffer.wrap(data, 0, 100),
      ByteBuffer.allocateDirect(0),
      ByteBuffer.allocateDirect(1_000).put(data, 100, 1_000).flip(),
      ByteBuffer.wrap(data, 1_100, 436).slice()
    };
    Disk.await(done -> disk.device().write(CLUSTER - 512, parts, Durability.CACHED, done));
    assertArrayEquals(data, disk.read(CLUSTER - 512, 3 * 512));
  }

  @Test
  void alignedWriteCopiesNothingFromTheGoldenImage() throws Exception {
    int before = files.eventCount();
    fixture.write(CLUSTER + SUB, OverlayFixture.bytes(1, SUB));
    long written =
        files.events().stream()
            .skip(before)
            .mapToLong(event -> event instanceof TestFiles.Written w ? w.bytes().limit() : 0)
            .sum();
    // Beside the data: a new L2 table, a run of counts, the mark in the header, one record.
    assertTrue(written < SUB + CLUSTER + 1_000, written + " bytes written");
    assertArrayEquals(fixture.model, disk.read(0, SIZE));
  }

  @Test
  void discardedClusterReadsAsZerosAndIsWrittenAgain() throws Exception {
    fixture.write(0, OverlayFixture.bytes(1, CLUSTER));
    fixture.discard(0, 2 * CLUSTER);
    assertArrayEquals(fixture.model, disk.read(0, SIZE));
    fixture.write(512, OverlayFixture.bytes(2, 512));
    assertArrayEquals(fixture.model, disk.read(0, SIZE));
    fixture.reopen();
    assertArrayEquals(fixture.model, fixture.disk().read(0, SIZE));
  }

  /** Neither is whole, and the first has nothing to write zeros to. */
  @Test
  void aDiscardOfTheEdgesOfTwoSubClustersClearsTheSecondToo() throws Exception {
    fixture.discard(0, SUB);
    fixture.write(SUB, OverlayFixture.bytes(1, SUB));
    fixture.discard(SUB - 512, 1024);
    assertArrayEquals(fixture.model, disk.read(0, SIZE));
  }

  @Test
  void discardedSpaceIsUsedAgain() throws Exception {
    fixture.write(0, OverlayFixture.bytes(1, 4 * CLUSTER));
    disk.flush();
    long size = Files.size(fixture.overlay);
    for (int i = 0; i < 40; i++) {
      fixture.discard(0, 4 * CLUSTER);
      disk.flush();
      fixture.write(0, OverlayFixture.bytes(i, 4 * CLUSTER));
      disk.flush();
    }
    long grown = Files.size(fixture.overlay) - size;
    assertTrue(grown <= Limits.LEASED_CLUSTERS * (long) CLUSTER, grown + " bytes more");
    assertArrayEquals(fixture.model, disk.read(0, SIZE));
  }

  @Test
  void discardedSpaceGoesBackToTheFileSystem() throws Exception {
    long before = disk.device().usage().allocatedBytes();
    fixture.write(0, OverlayFixture.bytes(1, 4 * CLUSTER));
    disk.flush();
    long full = allocated();
    assertEquals(before + 5 * CLUSTER, disk.device().usage().allocatedBytes(), "data, a table");
    fixture.discard(SUB, CLUSTER / 2 - SUB);
    fixture.discard(2 * CLUSTER, CLUSTER);
    disk.flush();
    disk.flush(); // what a checkpoint gave up is punched before the next one begins
    long given = CLUSTER / 2 - SUB + CLUSTER;
    assertEquals(full - given, allocated());
    assertEquals(before + 5 * CLUSTER - given, disk.device().usage().allocatedBytes());
    assertArrayEquals(fixture.model, disk.read(0, SIZE));
  }

  private long allocated() throws Exception {
    try (var file = HostFiles.open(fixture.overlay, HostFiles.Mode.READ)) {
      return file.allocated();
    }
  }

  @Test
  void extentsTellSubClustersApart() throws Exception {
    fixture.write(SUB, OverlayFixture.bytes(1, 2 * SUB));
    fixture.discard(4 * SUB, SUB);
    fixture.write(6 * SUB + 512, OverlayFixture.bytes(1, 512));
    List<Extent> extents = disk.device().extents(0, 8 * SUB);
    List<String> found =
        extents.stream()
            .map(
                e -> e.getClass().getSimpleName() + " " + e.offset() / SUB + " " + e.length() / SUB)
            .toList();
    assertEquals(
        List.of(
            "Immutable 0 1",
            "Mutable 1 2",
            "Immutable 3 1",
            "Zero 4 1",
            "Immutable 5 1",
            "Mutable 6 1",
            "Immutable 7 1"),
        found);
  }

  @Test
  void cleanCloseLeavesNoJournalAndNoSpareClusters() throws Exception {
    fixture.write(0, OverlayFixture.bytes(1, 512));
    Path journal = OverlayFile.journal(fixture.overlay);
    assertTrue(Files.exists(journal));
    fixture.shut();
    assertTrue(Files.notExists(journal));
    byte[] file = Files.readAllBytes(fixture.overlay);
    Walker.check(file);
    assertEquals(0, Walker.leaks(file));
    assertEquals(0, ByteBuffer.wrap(file).getLong(HeaderCodec.AUTOCLEAR_AT));
  }

  /** Counts that a process which was killed had ahead are found, but not what is named twice. */
  @Test
  void clusterThatIsNamedTwiceIsRefusedByOffset() throws Exception {
    fixture.write(0, OverlayFixture.bytes(1, 512));
    fixture.write(CLUSTER, OverlayFixture.bytes(2, 512));
    fixture.shut();
    byte[] file = Files.readAllBytes(fixture.overlay);
    ByteBuffer bytes = ByteBuffer.wrap(file);
    int table = (int) L2Entry.place(bytes.getLong(3 * CLUSTER));
    bytes.putLong(table + 16, bytes.getLong(table));
    bytes.putLong(HeaderCodec.AUTOCLEAR_AT, HeaderCodec.JOURNALED);
    Files.write(fixture.overlay, file);
    FormatException refusal = assertThrows(FormatException.class, fixture::disk);
    assertTrue(
        String.valueOf(refusal.getMessage()).startsWith("offset " + (table + 16) + ":"),
        refusal.getMessage());
  }

  @Test
  void overlayThatOnlyWasReadIsNotTouched() throws Exception {
    int before = files.eventCount();
    disk.read(0, SIZE);
    fixture.shut();
    assertEquals(before, files.eventCount());
  }

  @Test
  void overlayInUseIsRefused() throws Exception {
    IOException refusal =
        assertThrows(
            IOException.class,
            () -> {
              try (OverlayFile second = OverlayFile.open(fixture.overlay, files);
                  RawImage golden = RawImage.open(fixture.golden, HostFiles::open)) {
                second.device(
                    golden, fixture.threads, fixture.cache, () -> Long.MAX_VALUE, () -> {});
              }
            });
    assertTrue(String.valueOf(refusal.getMessage()).contains("in use"), refusal.getMessage());
    fixture.write(0, OverlayFixture.bytes(1, 512));
    assertArrayEquals(fixture.model, disk.read(0, SIZE));
  }

  @Test
  void discardingWhatReadsAsZerosChangesNothing() throws Exception {
    int before = files.eventCount();
    fixture.discard(5L * CLUSTER, CLUSTER);
    assertEquals(before, files.eventCount());
  }

  @Test
  void discardOfAWholeLargeDiskTakesManyRounds() throws Exception {
    Path sub = Files.createDirectory(folder.resolve("large"));
    int size = 40 << 20; // 2,560 clusters: three rounds
    try (OverlayFixture large = new OverlayFixture(sub, 14, size, size, 64, HostFiles::open)) {
      large.discard(512, size - 1024);
      assertArrayEquals(large.model, large.disk().read(0, size));
    }
  }

  @Test
  void slicesInMemoryAreBounded() throws Exception {
    Path sub = Files.createDirectory(folder.resolve("bounded"));
    int slice = 128 << 14;
    try (OverlayFixture bounded = new OverlayFixture(sub, 14, 8 * slice, 8 * slice, 3, files)) {
      for (int i = 0; i < 8; i++) {
        bounded.write((long) i * slice, OverlayFixture.bytes(i, 512));
      }
      bounded.reopen();
      bounded.disk().read(0, bounded.model.length);
      assertEquals(3, bounded.cache.size());
      assertArrayEquals(bounded.model, bounded.disk().read(0, bounded.model.length));
    }
  }

  @Test
  void closedOverlayRefusesEverything() throws Exception {
    disk.device().close();
    BlockIoException refusal = assertThrows(BlockIoException.class, () -> disk.read(0, 512));
    assertEquals(BlockIoException.Kind.CLOSED, refusal.kind());
    assertThrows(BlockIoException.class, () -> disk.write(0, new byte[512]));
    assertNull(disk.tryRead(0, 512));
  }

  @Test
  void damagedTableIsRefusedByOffset() throws Exception {
    fixture.write(0, new byte[512]);
    fixture.shut();
    byte[] good = Files.readAllBytes(fixture.overlay);
    long l1 = 3 * CLUSTER;
    int table = (int) L2Entry.place(ByteBuffer.wrap(good).getLong((int) l1));
    for (long bad :
        new long[] {
          L2Entry.COPIED | 0x10_000_000_000L,
          L2Entry.COPIED | 512,
          L2Entry.COPIED | l1,
          L2Entry.COMPRESSED | L2Entry.COPIED | CLUSTER,
          4 * CLUSTER,
          L2Entry.COPIED | 4 * CLUSTER | 1,
          -1
        }) {
      Files.write(fixture.overlay, ByteBuffer.wrap(good.clone()).putLong((int) l1, bad).array());
      FormatException refusal = assertThrows(FormatException.class, fixture::disk);
      assertTrue(
          String.valueOf(refusal.getMessage()).startsWith("offset " + l1 + ":"),
          refusal.getMessage());
      Files.write(fixture.overlay, ByteBuffer.wrap(good.clone()).putLong(table, bad).array());
      BlockIoException unreadable =
          assertThrows(BlockIoException.class, () -> fixture.disk().read(0, 512));
      assertEquals(BlockIoException.Kind.READ_FAILED, unreadable.kind());
      assertTrue(
          String.valueOf(unreadable.getMessage()).contains("offset " + table + ":"),
          unreadable.getMessage());
      assertThrows(BlockIoException.class, () -> fixture.disk().write(0, new byte[512]));
      fixture.shut();
    }
    Files.write(fixture.overlay, good);
  }
}
