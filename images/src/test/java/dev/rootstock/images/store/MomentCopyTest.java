// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.store.StoreException.Kind;
import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.TestFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A copy taken while the client writes shows one moment: what a power failure would leave. */
class MomentCopyTest {
  private static final int SIZE = 4 << 20;

  @TempDir Path folder;
  private final TestFiles files = new TestFiles();
  private byte[] golden = new byte[0];
  private LocalImageStore store;
  private GoldenVersion base;
  private OverlayId id;

  /** One change of the disk, each begun when the one before had ended. */
  private record Change(int offset, int length, int value) {
    void to(byte[] model) {
      Arrays.fill(model, offset, offset + length, (byte) value);
    }

    void to(Disk disk) throws BlockIoException {
      if (value == 0) {
        disk.discard(offset, length);
      } else if (value == 1) {
        disk.update(
            offset,
            length,
            bytes -> {
              while (bytes.hasRemaining()) {
                bytes.put((byte) 1);
              }
              return true;
            });
      } else {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        disk.write(offset, bytes);
      }
    }
  }

  @BeforeEach
  void openStore() throws Exception {
    golden = new byte[SIZE];
    new Random(3).nextBytes(golden);
    Path source = Files.write(folder.resolve("disk.raw"), golden);
    store = LocalImageStore.open(folder.resolve("data"), files);
    base = store.importImage(source, "debian", null, Progress.NONE);
    id = OverlayId.random();
    store.createOverlay("web", id, base, SIZE);
  }

  @AfterEach
  void closeStore() throws Exception {
    store.verify(base, Progress.NONE);
    store.close();
  }

  private byte[] restored(String snapshot) throws Exception {
    OverlayId fresh = OverlayId.random();
    store.createOverlay("other", fresh, base, SIZE);
    GoldenVersion shown = store.publish("shown", "web", snapshot, Progress.NONE);
    try (LeasedDisk disk = store.openReadOnly(shown)) {
      return new Disk(disk.device()).read(0, SIZE);
    }
  }

  private static Change change(Random random) {
    int offset = random.nextInt(SIZE / 512 - 400) * 512;
    return new Change(offset, (1 + random.nextInt(400)) * 512, random.nextInt(100));
  }

  @Test
  void copyShowsEveryChangeBeforeItsMomentAndNoneAfter() throws Exception {
    Random random = new Random(11);
    List<Change> changes = Collections.synchronizedList(new ArrayList<>());
    AtomicBoolean stop = new AtomicBoolean();
    try (LeasedDisk lease = store.openOverlay("web", id)) {
      Disk disk = new Disk(lease.device());
      CompletableFuture<Void> client =
          CompletableFuture.runAsync(
              () -> {
                while (!stop.get()) {
                  Change next = change(random);
                  try {
                    next.to(disk);
                  } catch (BlockIoException failed) {
                    throw new AssertionError(failed);
                  }
                  changes.add(next);
                }
              });
      for (int i = 0; i < 5; i++) {
        int before = changes.size();
        store.snapshot("web", "s" + i, Progress.NONE);
        int after = changes.size();
        assertMoment(restored("s" + i), List.copyOf(changes), before, after + 1);
      }
      stop.set(true);
      client.join();
      byte[] model = golden.clone();
      changes.forEach(change -> change.to(model));
      assertArrayEquals(model, disk.read(0, SIZE));
    }
  }

  private void assertMoment(byte[] shown, List<Change> changes, int from, int to) {
    byte[] model = golden.clone();
    for (int i = 0; i < Math.min(to, changes.size()); i++) {
      if (i >= from && Arrays.equals(shown, model)) {
        return;
      }
      changes.get(i).to(model);
    }
    assertArrayEquals(model, shown, "it is no moment between " + from + " and " + to);
  }

  @Test
  void secondCopyAtTheSameTimeIsRefused() throws Exception {
    try (LeasedDisk lease = store.openOverlay("web", id)) {
      new Disk(lease.device()).write(0, new byte[512]);
      store.snapshot(
          "web",
          "outer",
          (done, total) -> {
            StoreException refusal =
                assertThrows(
                    StoreException.class, () -> store.snapshot("web", "inner", Progress.NONE));
            assertEquals(Kind.IN_USE, refusal.kind());
          });
    }
    assertEquals(1, store.snapshots("web").size());
  }

  @Test
  void fullFileSystemFailsTheCopyAndNotTheClient() throws Exception {
    try (LeasedDisk lease = store.openOverlay("web", id)) {
      Disk disk = new Disk(lease.device());
      byte[] bytes = new byte[300 * 512];
      Arrays.fill(bytes, (byte) 7);
      disk.write(0, bytes);
      files.failWriteAfter(1, TestFiles.Fault.NO_SPACE);

      StoreException full =
          assertThrows(StoreException.class, () -> store.snapshot("web", "s", Progress.NONE));
      assertEquals(Kind.NO_SPACE, full.kind(), full.getMessage());
      assertTrue(store.snapshots("web").isEmpty());
      disk.write(512, new byte[512]);
      store.snapshot("web", "s", Progress.NONE);
    }
  }
}
