// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.store.StoreException.Kind;
import dev.rootstock.images.testing.Disk;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is removed takes space as long as it is there, and not before it is certain that it goes.
 */
@Timeout(60)
class TrashTest {
  private static final int SIZE = 1 << 20;
  private static final byte[] WRITTEN = filled(5);

  @TempDir Path folder;
  private final Disturbed files = new Disturbed();
  private final OverlayId another = OverlayId.random();
  private Path data;
  private LocalImageStore store;
  private GoldenVersion first;

  @BeforeEach
  void open() throws Exception {
    data = folder.resolve("data");
    store = LocalImageStore.open(data, files);
    Path raw = Files.write(folder.resolve("disk.raw"), filled(1));
    first = store.importImage(raw, "debian", null, Progress.NONE);
  }

  @AfterEach
  void close() {
    store.close();
  }

  private static byte[] filled(int value) {
    byte[] bytes = new byte[SIZE];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  /** A file system on which not everything works. */
  private static final class Disturbed implements HostFiles.Opener {
    private Optional<Path> mounted = Optional.empty();
    private Predicate<Path> stays = path -> false;
    private Runnable beforeSync = () -> {};
    private boolean syncsFail;

    private void requireOneFileSystem(Path from, Path to) throws IOException {
      if (mounted.isPresent() && from.startsWith(mounted.get()) != to.startsWith(mounted.get())) {
        throw new FileSystemException(from.toString(), to.toString(), "Invalid cross-device link");
      }
    }

    private void requireMovable(Path path) throws IOException {
      if (stays.test(path)) {
        throw new FileSystemException(path.toString(), null, "Operation not permitted");
      }
    }

    @Override
    public HostFile open(Path path, HostFiles.Mode mode) throws IOException {
      return HostFiles.open(path, mode);
    }

    @Override
    public boolean delete(Path path) throws IOException {
      requireMovable(path);
      return HostFiles.Opener.super.delete(path);
    }

    @Override
    public void move(Path from, Path to) throws IOException {
      requireMovable(from);
      requireOneFileSystem(from, to);
      HostFiles.Opener.super.move(from, to);
    }

    @Override
    public void link(Path further, Path file) throws IOException {
      requireOneFileSystem(file, further);
      HostFiles.Opener.super.link(further, file);
    }

    @Override
    public void syncFolder(Path folder) throws IOException {
      beforeSync.run();
      if (syncsFail) {
        throw new IOException("input/output error");
      }
      HostFiles.Opener.super.syncFolder(folder);
    }
  }

  private OverlayId written(String client) throws Exception {
    OverlayId id = OverlayId.random();
    store.createOverlay(client, id, first, SIZE);
    try (LeasedDisk disk = store.openOverlay(client, id)) {
      new Disk(disk.device()).write(0, WRITTEN);
    }
    return id;
  }

  private void showsWhatWasWritten(OverlayId id) throws Exception {
    try (LeasedDisk disk = store.openOverlay("web", id)) {
      assertArrayEquals(WRITTEN, new Disk(disk.device()).read(0, SIZE));
    }
  }

  @Test
  void imagesMayStandOnAFileSystemOfTheirOwn() throws Exception {
    files.mounted = Optional.of(data.resolve("images"));
    written("web");
    GoldenVersion second = store.publish("debian", "web", null, Progress.NONE);
    store.flatten(second);
    assertTrue(store.parent(second).isEmpty());
    store.removeOverlay("web");
    store.removeVersion(first);
    assertFalse(Files.exists(data.resolve("images/debian/1.raw")));
    store.removeVersion(second);
    assertEquals(0, store.usage().allocatedBytes());
  }

  @Test
  void snapshotsMayStandOnAFileSystemOfTheirOwn() throws Exception {
    files.mounted = Optional.of(data.resolve("snapshots"));
    written("web");
    store.snapshot("web", "monday", Progress.NONE);
    store.removeSnapshot("web", "monday");
    try (var left = Files.list(data.resolve("snapshots"))) {
      assertEquals(0, left.count());
    }
  }

  @Test
  void bytesThatStayCountUntilTheyGo() throws Exception {
    Path bytes = data.resolve("images/debian/1.raw");
    files.stays = bytes::equals;
    store.removeVersion(first);
    assertTrue(Files.exists(bytes));
    assertEquals(SIZE, store.usage().allocatedBytes());
    store.close();
    files.stays = path -> false;
    store = LocalImageStore.open(data, files);
    assertFalse(Files.exists(bytes));
    assertEquals(0, store.usage().allocatedBytes());
  }

  @Test
  void aSnapshotThatStaysCountsUntilItGoes() throws Exception {
    written("web");
    store.snapshot("web", "monday", Progress.NONE);
    long before = store.clientBytes("web");
    files.stays = path -> path.getFileName().toString().equals(".web@monday");
    store.removeSnapshot("web", "monday");
    assertTrue(store.snapshots("web").isEmpty());
    assertEquals(before, store.clientBytes("web"));
    files.stays = path -> false;
    store.snapshot("web", "monday", Progress.NONE);
    assertEquals(before, store.clientBytes("web"), "its successor's file has taken its place");
  }

  @Test
  void aJournalThatStaysCounts() throws Exception {
    written("web");
    Path journal = Files.write(data.resolve("clients/web.journal"), new byte[8192]);
    files.stays = journal::equals;
    store.removeOverlay("web");
    assertEquals(8192, store.clientBytes("web"));
  }

  /** Another removal has the folder emptied while it is not certain yet that this one holds. */
  private void emptyTheTrash() {
    try {
      Path decoy = Files.createFile(data.resolve("clients/.trash/decoy"));
      store.dataDisks().remove("other", another);
      while (Files.exists(decoy)) {
        Thread.sleep(1);
      }
    } catch (StoreException | IOException | InterruptedException impossible) {
      throw new AssertionError(impossible);
    }
  }

  private void failingOnce() {
    files.beforeSync =
        () -> {
          files.beforeSync = () -> {};
          emptyTheTrash();
          files.syncsFail = true;
        };
  }

  @Test
  void aDiskWhoseSuccessorFailsIsNotSweptAway() throws Exception {
    OverlayId id = written("web");
    store.dataDisks().create("other", another, SIZE);
    failingOnce();
    StoreException failure =
        assertThrows(
            StoreException.class,
            () -> store.createOverlay("web", OverlayId.random(), first, SIZE));
    files.syncsFail = false;
    assertEquals(Kind.IO, failure.kind());
    showsWhatWasWritten(id);
  }

  @Test
  void aDiskWhoseRemovalFailsIsNotSweptAway() throws Exception {
    OverlayId id = written("web");
    store.dataDisks().create("other", another, SIZE);
    failingOnce();
    StoreException failure = assertThrows(StoreException.class, () -> store.removeOverlay("web"));
    files.syncsFail = false;
    assertEquals(Kind.IO, failure.kind());
    showsWhatWasWritten(id);
  }
}
