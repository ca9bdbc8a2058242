// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Usage;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.store.StoreException.Kind;
import dev.rootstock.images.testing.Disk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What clients, and all of the store, may take. */
class QuotaTest {
  private static final int BLOCK = 4096;
  private static final int SIZE = 8 << 20;

  @TempDir Path folder;
  private volatile long limit = Long.MAX_VALUE;
  private LocalImageStore store;
  private GoldenVersion golden;

  @BeforeEach
  void open() throws Exception {
    store = LocalImageStore.open(folder.resolve("data"), () -> limit);
    golden = store.importImage(random(SIZE, 1), "debian", null, Progress.NONE);
  }

  @AfterEach
  void close() {
    store.close();
  }

  private void reopen() throws StoreException {
    store.close();
    store = LocalImageStore.open(folder.resolve("data"), () -> limit);
  }

  private Path random(int bytes, int seed) throws IOException {
    return Files.write(folder.resolve("source" + seed), bytes(bytes, seed));
  }

  private static byte[] bytes(int length, int seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private OverlayId made(String client) throws StoreException {
    OverlayId id = OverlayId.random();
    store.provideOverlay(client, id, golden, SIZE);
    return id;
  }

  private static void full(Disk disk, long at) {
    BlockIoException full =
        assertThrows(BlockIoException.class, () -> disk.write(at, new byte[BLOCK]));
    assertEquals(BlockIoException.Kind.NO_SPACE, full.kind());
  }

  /** By the blocks of the files, as another program would count them. */
  private long counted() throws Exception {
    LocalImageStore now = store;
    now.close();
    store = LocalImageStore.open(folder.resolve("data"), () -> limit);
    return store.usage().allocatedBytes();
  }

  @Test
  void versionsOverlaysAndSnapshotsCount() throws Exception {
    long before = store.usage().allocatedBytes();
    assertTrue(before >= SIZE, before + " bytes");
    try (LeasedDisk lease = store.openOverlay("web", made("web"))) {
      new Disk(lease.device()).write(0, bytes(1 << 20, 2));
      assertTrue(store.clientBytes("web") >= 1 << 20);
      long overlay = store.clientBytes("web");
      store.snapshot("web", "monday", Progress.NONE);
      assertTrue(store.clientBytes("web") >= overlay + (1 << 20));
      assertEquals(before + store.clientBytes("web"), store.usage().allocatedBytes());
    }
    store.forget("web");
    assertEquals(0, store.clientBytes("web"));
    assertEquals(before, store.usage().allocatedBytes());
    store.removeVersion(golden);
    assertEquals(0, store.usage().allocatedBytes());
  }

  @Test
  void aDataDiskCountsToItsClientAndToTheStore() throws Exception {
    OverlayId id = OverlayId.random();
    long before = store.usage().allocatedBytes();
    store.dataDisks().create("web", id, SIZE);
    long empty = store.clientBytes("web");
    try (LeasedDisk lease = store.dataDisks().open("web", id)) {
      new Disk(lease.device()).write(0, bytes(1 << 20, 2));
      assertTrue(store.clientBytes("web") >= empty + (1 << 20));
      assertEquals(before + store.clientBytes("web"), store.usage().allocatedBytes());
    }
    long taken = store.clientBytes("web");
    assertEquals(before + taken, counted());
    assertEquals(taken, store.clientBytes("web"));
    store.dataDisks().remove("web", id);
    assertEquals(0, store.clientBytes("web"));
    assertEquals(before, store.usage().allocatedBytes());
  }

  @Test
  void theJournalOfADataDiskCountsToo() throws Exception {
    OverlayId id = OverlayId.random();
    store.dataDisks().create("web", id, SIZE);
    try (LeasedDisk lease = store.dataDisks().open("web", id)) {
      Disk disk = new Disk(lease.device());
      disk.write(0, bytes(BLOCK, 2)); // the tables, and a block of the journal
      long before = store.clientBytes("web");
      int writes = 2 * BLOCK / 32;
      for (int i = 1; i <= writes; i++) {
        disk.write((long) i * BLOCK, bytes(BLOCK, 2));
      }
      assertEquals(before + (writes + 2L) * BLOCK, store.clientBytes("web"));
    }
    long closed = store.clientBytes("web");
    assertEquals(store.usage().allocatedBytes(), counted());
    assertEquals(closed, store.clientBytes("web"));
  }

  @Test
  void aDataDiskGoesNotBeyondTheLimitOfItsClientOrOfTheStore() throws Exception {
    OverlayId id = OverlayId.random();
    store.dataDisks().create("web", id, SIZE);
    long most = store.clientBytes("web") + BLOCK / 2;
    store.limits(client -> most);
    try (LeasedDisk lease = store.dataDisks().open("web", id)) {
      full(new Disk(lease.device()), 0);
      store.limits(client -> Long.MAX_VALUE);
      limit = store.usage().allocatedBytes() + BLOCK / 2;
      full(new Disk(lease.device()), 0);
      limit = Long.MAX_VALUE;
      new Disk(lease.device()).write(0, bytes(BLOCK, 3));
    }
  }

  /**
   * One bad file is its client's trouble: everybody else has a disk, and it counts all the same.
   */
  @Test
  void aFileThatCannotBeReadCountsWithItsLengthAndKeepsNobodyElseOut() throws Exception {
    OverlayId good = made("good");
    made("bad");
    try (LeasedDisk lease = store.openOverlay("good", good)) {
      new Disk(lease.device()).write(0, bytes(BLOCK, 2));
    }
    store.close();
    store =
        LocalImageStore.open(
            folder.resolve("data"),
            (path, mode) -> {
              if (path.endsWith("bad.qcow2")) {
                throw new IOException(path + ": Input/output error");
              }
              return HostFiles.open(path, mode);
            });
    assertEquals(Files.size(folder.resolve("data/clients/bad.qcow2")), store.clientBytes("bad"));
    try (LeasedDisk lease = store.openOverlay("good", good)) {
      assertArrayEquals(bytes(BLOCK, 2), new Disk(lease.device()).read(0, BLOCK));
    }
  }

  @Test
  void theCountIsTheSameBehindAStart() throws Exception {
    for (int i = 0; i < 3; i++) {
      try (LeasedDisk lease = store.openOverlay("web" + i, made("web" + i))) {
        Disk disk = new Disk(lease.device());
        disk.write((long) i * BLOCK, bytes((i + 1) << 18, i));
        disk.discard(0, 2 * BLOCK);
        disk.flush();
      }
      store.snapshot("web" + i, "s", Progress.NONE);
    }
    store.removeSnapshot("web1", "s");
    store.publish("other", "web2", null, Progress.NONE);
    long before = store.usage().allocatedBytes();
    long client = store.clientBytes("web2");
    assertEquals(before, counted());
    assertEquals(client, store.clientBytes("web2"));
  }

  @Test
  void aFullStoreFailsAllocationsAndNothingElse() throws Exception {
    try (LeasedDisk lease = store.openOverlay("web", made("web"))) {
      Disk disk = new Disk(lease.device());
      disk.write(0, bytes(BLOCK, 3));
      limit = store.usage().allocatedBytes();
      full(disk, 20 * BLOCK);
      disk.write(0, bytes(BLOCK, 4));
      disk.flush();
      assertArrayEquals(bytes(BLOCK, 4), disk.read(0, BLOCK));
      disk.discard(0, BLOCK);
      disk.flush();
      limit = store.usage().allocatedBytes() + 4L * BLOCK;
      disk.write(20 * BLOCK, new byte[BLOCK]);
    }
  }

  @Test
  void theDiskSaysHowMuchOfTheStoreIsLeft() throws Exception {
    try (LeasedDisk lease = store.openOverlay("web", made("web"), () -> 1L << 30)) {
      new Disk(lease.device()).write(0, bytes(BLOCK, 3));
      Usage unbounded = lease.device().usage();
      assertEquals(1L << 30, unbounded.limitBytes());
      limit = store.usage().allocatedBytes() + 5 * BLOCK;
      Usage usage = lease.device().usage();
      assertEquals(5 * BLOCK, usage.limitBytes() - usage.allocatedBytes());
    }
  }

  @Test
  void ofTwoThatRaceForTheLastBytesOnlySomeGetThem() throws Exception {
    List<LeasedDisk> leases = new ArrayList<>();
    for (String client : List.of("web", "mail")) {
      leases.add(store.openOverlay(client, made(client)));
      new Disk(leases.getLast().device()).write(0, bytes(BLOCK, 5));
      new Disk(leases.getLast().device()).flush();
    }
    int room = 40;
    limit = store.usage().allocatedBytes() + room * (long) BLOCK;
    AtomicInteger written = new AtomicInteger();
    CountDownLatch together = new CountDownLatch(leases.size());
    List<Thread> writers = new ArrayList<>();
    for (LeasedDisk lease : leases) {
      writers.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    together.countDown();
                    for (int i = 1; i < 32; i++) {
                      try {
                        new Disk(lease.device()).write((long) i * BLOCK, new byte[BLOCK]);
                        written.incrementAndGet();
                      } catch (BlockIoException full) {
                        assertEquals(BlockIoException.Kind.NO_SPACE, full.kind());
                      }
                    }
                  }));
    }
    for (Thread writer : writers) {
      writer.join();
    }
    int journals = 2; // a block of each is counted with the first new cluster
    assertEquals(room - journals, written.get());
    assertEquals(limit, store.usage().allocatedBytes());
    leases.forEach(LeasedDisk::close);
  }

  @Test
  void aSnapshotCountsToItsClientsLimit() throws Exception {
    store.limits(client -> client.equals("web") ? 3L << 20 : Long.MAX_VALUE);
    reopen();
    store.limits(client -> client.equals("web") ? 3L << 20 : Long.MAX_VALUE);
    OverlayId id = made("web");
    try (LeasedDisk lease = store.openOverlay("web", id, () -> 3L << 20)) {
      new Disk(lease.device()).write(0, bytes(2 << 20, 6));
    }
    reopen();
    store.limits(client -> client.equals("web") ? 3L << 20 : Long.MAX_VALUE);
    long before = store.clientBytes("web");
    StoreException full =
        assertThrows(StoreException.class, () -> store.snapshot("web", "s", Progress.NONE));
    assertEquals(Kind.NO_SPACE, full.kind());
    assertTrue(String.valueOf(full.getMessage()).contains("client web"), full.getMessage());
    assertTrue(store.snapshots("web").isEmpty());
    assertEquals(before, store.clientBytes("web"));
    store.publish("debian", "web", null, Progress.NONE);
  }

  @Test
  void whatWouldGoBeyondTheStoresLimitIsRefusedAndLeavesNothing() throws Exception {
    try (LeasedDisk lease = store.openOverlay("web", made("web"))) {
      new Disk(lease.device()).write(0, bytes(1 << 20, 7));
    }
    long before = store.usage().allocatedBytes();
    limit = before + (1 << 18);
    Path image = random(1 << 20, 8);
    refused(() -> store.importImage(image, "mint", null, Progress.NONE));
    refused(() -> store.snapshot("web", "s", Progress.NONE));
    refused(() -> store.publish("debian", "web", null, Progress.NONE));
    assertEquals(before, store.usage().allocatedBytes());
    assertEquals(before, counted());
    assertEquals(1, store.versions().size());
  }

  private static void refused(Executable what) {
    StoreException full = assertThrows(StoreException.class, what);
    assertEquals(Kind.NO_SPACE, full.kind(), full.getMessage());
    assertTrue(String.valueOf(full.getMessage()).contains("store.limit"), full.getMessage());
  }
}
