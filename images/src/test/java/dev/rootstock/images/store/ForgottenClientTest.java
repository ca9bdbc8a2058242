// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.store.StoreException.Kind;
import dev.rootstock.images.testing.Disk;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A client that is removed while its disk, which nobody uses, is copied. */
class ForgottenClientTest {
  private static final int SIZE = 300 << 10;

  @TempDir Path folder;
  private final OverlayId id = OverlayId.random();
  private LocalImageStore store;
  private GoldenVersion debian;
  private long empty;

  @BeforeEach
  void open() throws Exception {
    store = LocalImageStore.open(folder.resolve("data"));
    Path raw = Files.write(folder.resolve("golden.raw"), new byte[SIZE]);
    debian = store.importImage(raw, "debian", null, Progress.NONE);
    empty = store.usage().allocatedBytes();
    store.createOverlay("web", id, debian, SIZE);
    try (LeasedDisk disk = store.openOverlay("web", id)) {
      new Disk(disk.device()).write(4096, new byte[512]);
    }
  }

  @AfterEach
  void close() {
    store.close();
  }

  /** Forgets the client when the copying tells of itself for the first time. */
  private Progress forgetting(AtomicInteger told) {
    return (done, total) -> {
      if (told.getAndIncrement() == 0) {
        try {
          store.forget("web");
          StoreException refused =
              assertThrows(
                  StoreException.class,
                  () -> store.provideOverlay("web", OverlayId.random(), debian, SIZE));
          assertEquals(Kind.IN_USE, refused.kind());
        } catch (StoreException refused) {
          throw new AssertionError(refused);
        }
      }
    };
  }

  private void requireNothingLeft(AtomicInteger told) throws Exception {
    assertTrue(told.get() > 0, "it was not forgotten in the midst of the copy");
    assertEquals(List.of(), store.clients());
    assertEquals(0, store.clientBytes("web"));
    assertEquals(empty, store.usage().allocatedBytes());
    OverlayId next = OverlayId.random();
    store.provideOverlay("web", next, debian, SIZE);
    store.openOverlay("web", next).close();
  }

  @Test
  void itsDiskGoesWhenAnExportHasEnded() throws Exception {
    AtomicInteger told = new AtomicInteger();
    Path file = folder.resolve("web.raw");
    store.exportClient("web", file, SourceFormat.RAW, forgetting(told));
    assertEquals(SIZE, Files.size(file));
    requireNothingLeft(told);
  }

  @Test
  void aSnapshotThatIsJustTakenIsNotKept() throws Exception {
    AtomicInteger told = new AtomicInteger();
    StoreException refused =
        assertThrows(StoreException.class, () -> store.snapshot("web", "monday", forgetting(told)));
    assertEquals(Kind.NOT_FOUND, refused.kind());
    requireNothingLeft(told);
  }

  @Test
  void itsDataDiskGoesWhenAnExportHasEnded() throws Exception {
    OverlayId data = OverlayId.random();
    store.dataDisks().create("web", data, SIZE);
    AtomicInteger told = new AtomicInteger();
    store
        .dataDisks()
        .export(
            "web",
            data,
            folder.resolve("data.raw"),
            SourceFormat.RAW,
            (done, total) -> {
              if (told.getAndIncrement() == 0) {
                try {
                  store.forget("web");
                } catch (StoreException refused) {
                  throw new AssertionError(refused);
                }
              }
            });
    requireNothingLeft(told);
    assertEquals(List.of(), store.dataDisks().all());
  }
}
