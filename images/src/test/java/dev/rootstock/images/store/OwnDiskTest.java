// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.store.StoreException.Kind;
import dev.rootstock.images.testing.Disk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Whose disk a file is that has a client's name, and what of snapshots is counted. */
class OwnDiskTest {
  private static final int SIZE = 1 << 20;
  private static final String CLIENT = "web";

  @TempDir Path folder;
  private LocalImageStore store;
  private GoldenVersion golden;
  private OverlayId id;

  @BeforeEach
  void make() throws Exception {
    store = LocalImageStore.open(folder.resolve("data"));
    golden = store.createBlank("debian", SIZE, Progress.NONE);
    id = OverlayId.random();
    store.createOverlay(CLIENT, id, golden, SIZE);
    try (LeasedDisk lease = store.openOverlay(CLIENT, id)) {
      byte[] block = new byte[512];
      block[0] = 1;
      new Disk(lease.device()).write(0, block);
    }
  }

  @AfterEach
  void close() {
    store.close();
  }

  private static void refused(Kind kind, Executable what) {
    assertEquals(kind, assertThrows(StoreException.class, what).kind());
  }

  @Test
  void anOlderDiskUnderTheClientsNameIsNeverCopied() throws Exception {
    store.overlays(client -> Optional.of(OverlayId.random()));
    Path file = folder.resolve("exported.raw");
    refused(Kind.OTHER_OVERLAY, () -> store.snapshot(CLIENT, "s", Progress.NONE));
    refused(
        Kind.OTHER_OVERLAY,
        () -> store.exportClient(CLIENT, file, SourceFormat.RAW, Progress.NONE));
    refused(Kind.OTHER_OVERLAY, () -> store.publish("debian", CLIENT, null, Progress.NONE));
    refused(
        Kind.OTHER_OVERLAY, () -> store.rebase(CLIENT, golden, OverlayId.random(), Progress.NONE));
    assertTrue(store.snapshots(CLIENT).isEmpty());
    assertFalse(Files.exists(file));
    assertEquals(1, store.versions().size());
  }

  @Test
  void aFileOfAClientWithoutADiskIsNeverCopied() throws Exception {
    store.overlays(client -> Optional.empty());
    refused(Kind.NOT_FOUND, () -> store.snapshot(CLIENT, "s", Progress.NONE));
    assertTrue(store.snapshots(CLIENT).isEmpty());
  }

  @Test
  void theDiskThatIsTheClientsIsCopied() throws Exception {
    store.overlays(client -> client.equals(CLIENT) ? Optional.of(id) : Optional.empty());
    assertEquals("s", store.snapshot(CLIENT, "s", Progress.NONE).name());
  }

  @Test
  void whatCannotBeRemovedDurablyIsThereAndCounted() throws Exception {
    store.close();
    AtomicBoolean broken = new AtomicBoolean();
    store =
        LocalImageStore.open(
            folder.resolve("data"),
            new HostFiles.Opener() {
              @Override
              public HostFile open(Path path, HostFiles.Mode mode) throws IOException {
                return HostFiles.open(path, mode);
              }

              @Override
              public void syncFolder(Path synced) throws IOException {
                if (broken.get()) {
                  throw new IOException("no sync");
                }
                HostFiles.syncFolder(synced);
              }
            });
    long bytes = store.clientBytes(CLIENT);
    assertTrue(bytes > 0);
    broken.set(true);
    refused(Kind.IO, () -> store.removeOverlay(CLIENT));
    broken.set(false);
    assertEquals(bytes, store.clientBytes(CLIENT));
    store.openOverlay(CLIENT, id).close();
    store.removeOverlay(CLIENT);
    assertEquals(0, store.clientBytes(CLIENT));
  }

  @Test
  void aSnapshotThatCannotTakeItsNameIsNotCounted() throws Exception {
    long before = store.clientBytes(CLIENT);
    Path name = folder.resolve("data/snapshots/web@s.qcow2");
    Progress inTheWay =
        (done, total) -> {
          try {
            Files.createDirectories(name);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        };
    refused(Kind.IO, () -> store.snapshot(CLIENT, "s", inTheWay));
    Files.delete(name);
    assertEquals(before, store.clientBytes(CLIENT));
    store.snapshot(CLIENT, "s", Progress.NONE);
    store.removeSnapshot(CLIENT, "s");
    assertEquals(before, store.clientBytes(CLIENT));
  }
}
