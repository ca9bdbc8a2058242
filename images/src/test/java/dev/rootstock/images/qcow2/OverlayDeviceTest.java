// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.Extent;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.TestFiles;
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
  private static final int CLUSTER = 65_536;
  private static final int GOLDEN = 4 * CLUSTER + 512;
  private static final int SIZE = 6 * CLUSTER;

  @TempDir Path folder;
  private TestFiles files = new TestFiles();
  private OverlayFixture fixture;
  private Disk disk;

  @BeforeEach
  void open() throws Exception {
    files = new TestFiles();
    fixture = new OverlayFixture(folder, 16, GOLDEN, SIZE, 16, files);
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
  void rewriteInPlaceNeedsNoSync() throws Exception {
    disk.write(0, new byte[4096]);
    int before = syncs();
    for (int i = 0; i < 10; i++) {
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
  void discardedClusterReadsAsZerosAndIsWrittenAgain() throws Exception {
    fixture.write(0, OverlayFixture.bytes(1, CLUSTER));
    fixture.discard(0, 2 * CLUSTER);
    assertArrayEquals(fixture.model, disk.read(0, SIZE));
    long size = Files.size(fixture.overlay);
    fixture.write(512, OverlayFixture.bytes(2, 512));
    assertArrayEquals(fixture.model, disk.read(0, SIZE));
    assertEquals(size, Files.size(fixture.overlay), "its place in the file was kept");
    fixture.reopen();
    assertArrayEquals(fixture.model, fixture.disk().read(0, SIZE));
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
    int size = 40 << 20; // 81,920 clusters of 512 bytes: ten rounds and more
    try (OverlayFixture large = new OverlayFixture(sub, 9, size, size, 64, HostFiles::open)) {
      large.discard(512, size - 1024);
      assertArrayEquals(large.model, large.disk().read(0, size));
    }
  }

  @Test
  void tablesInMemoryAreBounded() throws Exception {
    Path sub = Files.createDirectory(folder.resolve("bounded"));
    try (OverlayFixture bounded =
        new OverlayFixture(sub, 9, 64 * 512 * 8, 64 * 512 * 8, 3, HostFiles::open)) {
      for (int i = 0; i < 8; i++) {
        bounded.write(i * 64L * 512, OverlayFixture.bytes(i, 512));
      }
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
    int table = (int) L2Entry.host(ByteBuffer.wrap(good).getLong((int) l1));
    for (long bad :
        new long[] {
          L2Entry.COPIED | 0x10_000_000_000L,
          L2Entry.COPIED | 512,
          L2Entry.COPIED | l1,
          L2Entry.COMPRESSED | L2Entry.COPIED | CLUSTER,
          4 * CLUSTER,
          L2Entry.COPIED | 4 * CLUSTER | 2,
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
