// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.Limits;
import dev.rootstock.images.store.StoreException.Kind;
import dev.rootstock.images.testing.Disk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Versions of one image: published from clients, default, verified, removed, made whole. */
class VersionsTest {
  private static final int SIZE = 900 * 512;

  @TempDir Path folder;
  private Path data;
  private byte[] content;
  private LocalImageStore store;
  private GoldenVersion first;

  @BeforeEach
  void openStore() throws Exception {
    data = folder.resolve("data");
    content = new byte[SIZE];
    new Random(7).nextBytes(content);
    Path source = Files.write(folder.resolve("disk.raw"), content);
    store = LocalImageStore.open(data);
    first = store.importImage(source, "debian", null, Progress.NONE);
  }

  @AfterEach
  void closeStoreAndLookAtTheGoldenFile() throws Exception {
    for (GoldenVersion version : store.versions()) {
      store.verify(version, Progress.NONE);
    }
    store.close();
  }

  private static StoreException refused(Kind kind, Executable what) {
    StoreException refusal = assertThrows(StoreException.class, what);
    assertEquals(kind, refusal.kind(), refusal.getMessage());
    return refusal;
  }

  /** Gives a client a disk and writes one block of a value into it, in the model too. */
  private OverlayId written(String client, GoldenVersion base, int block, int value)
      throws Exception {
    OverlayId id = OverlayId.random();
    store.createOverlay(client, id, base, SIZE);
    write(client, id, block, value);
    return id;
  }

  private void write(String client, OverlayId id, int block, int value) throws Exception {
    byte[] bytes = new byte[512];
    Arrays.fill(bytes, (byte) value);
    try (LeasedDisk disk = store.openOverlay(client, id)) {
      new Disk(disk.device()).write(block * 512L, bytes);
    }
    System.arraycopy(bytes, 0, content, block * 512, 512);
  }

  private byte[] shown(GoldenVersion version) throws Exception {
    try (LeasedDisk disk = store.openReadOnly(version)) {
      return new Disk(disk.device()).read(0, (int) version.sizeBytes());
    }
  }

  @Test
  void publishedVersionShowsWhatTheClientWroteAndBecomesTheDefault() throws Exception {
    byte[] before = content.clone();
    written("web", first, 5, 0x55);

    GoldenVersion second = store.publish("debian", "web", null, Progress.NONE);

    assertEquals("debian@2", second.toString());
    assertArrayEquals(content, shown(second));
    assertArrayEquals(before, shown(first));
    assertEquals(second, store.defaultVersion("debian").orElseThrow());
    assertEquals(first, store.parent(second).orElseThrow());
    assertEquals("client web on debian@1", second.origin());
    assertEquals(List.of("web"), store.usersOf(first), "the client keeps its overlay");
  }

  @Test
  void publishedVersionTakesOnlyWhatDiffers() throws Exception {
    OverlayId id = written("web", first, 5, 0x55);
    try (LeasedDisk disk = store.openOverlay("web", id)) {
      // Written, and yet what the golden version has.
      byte[] same = new Disk(disk.device()).read(400 * 512, 512);
      new Disk(disk.device()).write(400 * 512, same);
    }
    GoldenVersion second = store.publish("debian", "web", null, Progress.NONE);
    // Header, L1, L2, refcount table and block, and one cluster of data.
    assertEquals(6 * 65_536, store.fileBytes(second));
  }

  @Test
  void publishingAsAnotherImageStandsOnNothing() throws Exception {
    written("web", first, 5, 0x55);
    GoldenVersion other = store.publish("other", "web", null, Progress.NONE);
    assertEquals("other@1", other.toString());
    assertTrue(store.parent(other).isEmpty());
    assertArrayEquals(content, shown(other));
  }

  @Test
  void publishingFromASnapshotShowsTheSnapshot() throws Exception {
    OverlayId id = written("web", first, 5, 0x55);
    store.snapshot("web", "monday", Progress.NONE);
    byte[] monday = content.clone();
    write("web", id, 6, 0x66);

    GoldenVersion second = store.publish("debian", "web", "monday", Progress.NONE);
    assertArrayEquals(monday, shown(second));
  }

  @Test
  void defaultGoesBackAndForward() throws Exception {
    written("web", first, 5, 0x55);
    GoldenVersion second = store.publish("debian", "web", null, Progress.NONE);

    store.setDefault(first);
    assertEquals(first, store.defaultVersion("debian").orElseThrow());
    store.close();
    store = LocalImageStore.open(data);
    assertEquals(first, store.defaultVersion("debian").orElseThrow());
    store.setDefault(second);
    assertEquals(second, store.defaultVersion("debian").orElseThrow());
    assertFalse(Files.exists(data.resolve("images/debian/default")));
  }

  @Test
  void versionInUseIsNotRemovedAndTheErrorNamesWho() throws Exception {
    OverlayId id = written("web", first, 5, 0x55);
    store.createOverlay("db", OverlayId.random(), first, SIZE);
    GoldenVersion second = store.publish("debian", "web", null, Progress.NONE);

    StoreException refusal = refused(Kind.IN_USE, () -> store.removeVersion(first));
    assertEquals(
        "debian@1 is in use by db, web, debian@2 (a delta on it): remove what uses it, or give it"
            + " another version first",
        refusal.getMessage());
    store.snapshot("db", "old", Progress.NONE);
    store.removeOverlay("db");
    store.removeOverlay("web");
    store.removeVersion(second);
    refusal = refused(Kind.IN_USE, () -> store.removeVersion(first));
    assertTrue(
        String.valueOf(refusal.getMessage())
            .startsWith("debian@1 is in use by db (snapshot old): "));
    refused(Kind.LOST, () -> store.openOverlay("web", id));
  }

  @Test
  void numberOfARemovedVersionIsNotGivenAgain() throws Exception {
    store.removeVersion(first);
    assertTrue(store.versions().isEmpty());
    store.close();
    store = LocalImageStore.open(data);
    assertTrue(store.versions().isEmpty());
    assertEquals(
        2, store.importImage(folder.resolve("disk.raw"), "debian", null, Progress.NONE).number());
  }

  @Test
  void bytesThatAnInterruptedRemovalLeftAreSwept() throws Exception {
    store.removeVersion(first);
    store.close();
    Path image = data.resolve("images/debian");
    Files.write(image.resolve("1.raw"), content);
    Files.write(image.resolve("1.sums"), new byte[32]);
    store = LocalImageStore.open(data);
    assertFalse(Files.exists(image.resolve("1.raw")));
    assertFalse(Files.exists(image.resolve("1.sums")));
    assertTrue(Files.exists(image.resolve("1.removed")));
  }

  @Test
  void restoreThatFailsLeavesWhatAKilledProcessHadWritten() throws Exception {
    OverlayId id = written("web", first, 5, 0x55);
    store.snapshot("web", "before", Progress.NONE);
    byte[] written = new byte[512];
    Arrays.fill(written, (byte) 0x77);
    Path clients = folder.resolve("killed/clients");
    try (LeasedDisk disk = store.openOverlay("web", id)) {
      new Disk(disk.device()).write(700 * 512, written);
      // What a kill would leave: the overlay beside its journal, on the same running kernel.
      for (String part : List.of("images/debian", "snapshots", "clients")) {
        copyFolder(data.resolve(part), folder.resolve("killed").resolve(part));
      }
    }
    assertTrue(Files.exists(clients.resolve("web.journal")));
    try (LocalImageStore next = LocalImageStore.open(folder.resolve("killed"))) {
      Files.move(clients.resolve(".trash"), clients.resolve(".elsewhere"));
      refused(Kind.NOT_FOUND, () -> next.restore("web", "before", id, Progress.NONE));
      Files.move(clients.resolve(".elsewhere"), clients.resolve(".trash"));
      try (LeasedDisk disk = next.openOverlay("web", id)) {
        assertArrayEquals(written, new Disk(disk.device()).read(700 * 512, 512));
      }
    }
  }

  @Test
  void snapshotIsNotSpoiledByAnotherOfTheSameName() throws Exception {
    written("web", first, 5, 0x55);
    AtomicBoolean tried = new AtomicBoolean();
    store.snapshot(
        "web",
        "before",
        (done, total) -> {
          if (!tried.getAndSet(true)) {
            refused(Kind.IN_USE, () -> store.snapshot("web", "before", Progress.NONE));
          }
        });
    assertTrue(tried.get());
    assertEquals(List.of("before"), store.snapshots("web").stream().map(Snapshot::name).toList());
  }

  private static void copyFolder(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  @Test
  void longChainIsMadeWholeWhileItIsRead() throws Exception {
    GoldenVersion newest = first;
    for (int i = 0; i <= Limits.MAX_DELTAS; i++) {
      written("web", newest, 10 + i, i + 1);
      newest = store.publish("debian", "web", null, Progress.NONE);
    }
    GoldenVersion last = newest;
    try (LeasedDisk reader = store.openReadOnly(last)) {
      for (int i = 0; store.parent(last).isPresent(); i++) {
        assertTrue(i < 1_000, "it is never made whole");
        Thread.sleep(10);
      }
      assertArrayEquals(content, new Disk(reader.device()).read(0, SIZE));
    }
    assertArrayEquals(content, shown(last));
    OverlayId id = OverlayId.random();
    store.createOverlay("db", id, last, SIZE);
    try (LeasedDisk disk = store.openOverlay("db", id)) {
      assertArrayEquals(content, new Disk(disk.device()).read(0, SIZE));
    }
  }

  @Test
  void verifySaysWhereADeltaHasChanged() throws Exception {
    written("web", first, 5, 0x55);
    GoldenVersion second = store.publish("debian", "web", null, Progress.NONE);
    Path file = data.resolve("images/debian/2.qcow2");
    byte[] whole = Files.readAllBytes(file);
    byte[] changed = whole.clone();
    for (int i = 0; i < whole.length; i++) {
      if (whole[i] == 0x55 && whole[i + 1] == 0x55) {
        changed[i] = 0x54;
        break;
      }
    }
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    Files.write(file, changed);
    StoreException refusal = refused(Kind.CORRUPT, () -> store.verify(second, Progress.NONE));
    assertTrue(
        String.valueOf(refusal.getMessage()).contains("bytes 0 to " + (SIZE - 1)),
        refusal.getMessage());
    Files.write(file, whole);
  }

  @Test
  void blankImageReadsAsZeros() throws Exception {
    GoldenVersion blank = store.createBlank("blank", 5 << 20, Progress.NONE);
    assertArrayEquals(new byte[5 << 20], shown(blank));
    refused(Kind.INVALID, () -> store.createBlank("blank", 513, Progress.NONE));
    refused(Kind.INVALID, () -> store.createBlank("blank", 0, Progress.NONE));
  }

  @Test
  void snapshotIsGoneBackTo() throws Exception {
    OverlayId id = written("web", first, 5, 0x55);
    byte[] then = content.clone();
    store.snapshot("web", "before", Progress.NONE);
    write("web", id, 5, 0x77);
    write("web", id, 700, 0x78);

    OverlayId restored = OverlayId.random();
    assertEquals(first, store.restore("web", "before", restored, Progress.NONE));
    refused(Kind.OTHER_OVERLAY, () -> store.openOverlay("web", id));
    try (LeasedDisk disk = store.openOverlay("web", restored)) {
      assertArrayEquals(then, new Disk(disk.device()).read(0, SIZE));
    }
    assertEquals(List.of("before"), store.snapshots("web").stream().map(Snapshot::name).toList());
    refused(Kind.INVALID, () -> store.snapshot("web", "before", Progress.NONE));
    store.removeSnapshot("web", "before");
    refused(Kind.NOT_FOUND, () -> store.restore("web", "before", restored, Progress.NONE));
    assertTrue(store.snapshots("web").isEmpty());
  }

  @Test
  void rebasedDiskShowsTheSameOnAnotherVersion() throws Exception {
    written("web", first, 5, 0x55);
    GoldenVersion second = store.publish("debian", "web", null, Progress.NONE);
    long before = store.overlayBytes("web");

    OverlayId id = OverlayId.random();
    store.rebase("web", second, id, Progress.NONE);

    assertEquals(List.of("web"), store.usersOf(second));
    assertTrue(store.overlayBytes("web") <= before);
    try (LeasedDisk disk = store.openOverlay("web", id)) {
      assertArrayEquals(content, new Disk(disk.device()).read(0, SIZE));
    }
  }

  @Test
  void diskInUseIsNeitherRestoredNorRebased() throws Exception {
    OverlayId id = written("web", first, 5, 0x55);
    store.snapshot("web", "s", Progress.NONE);
    try (LeasedDisk disk = store.openOverlay("web", id)) {
      refused(Kind.IN_USE, () -> store.restore("web", "s", OverlayId.random(), Progress.NONE));
      refused(Kind.IN_USE, () -> store.rebase("web", first, OverlayId.random(), Progress.NONE));
      assertArrayEquals(content, new Disk(disk.device()).read(0, SIZE));
    }
    store.checkOverlay("web");
  }
}
