// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.store.StoreException.Kind;
import dev.rootstock.images.testing.Disk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Overlays in a file system in RAM; the tests make their folders in {@code /dev/shm}. */
class MemoryPlaceTest {
  private static final byte[] OURS = filled((byte) 9);

  @TempDir Path folder;
  private Path memory;
  private Path data;
  private LocalImageStore store;
  private GoldenVersion debian;

  @BeforeEach
  void open() throws Exception {
    memory = Files.createTempDirectory(LocalImageStore.MEMORY, "rootstock-test-");
    data = folder.resolve("data");
    Path raw = Files.write(folder.resolve("golden.raw"), new byte[1 << 20]);
    store = LocalImageStore.open(data, memory);
    debian = store.importImage(raw, "debian", null, Progress.NONE);
  }

  @AfterEach
  void close() throws Exception {
    store.close();
    List<Path> left;
    try (Stream<Path> tree = Files.walk(memory)) {
      left = tree.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : left) {
      Files.delete(path);
    }
  }

  private static byte[] filled(byte value) {
    byte[] bytes = new byte[4096];
    Arrays.fill(bytes, value);
    return bytes;
  }

  private OverlayId made(String client) throws StoreException {
    OverlayId id = OverlayId.random();
    store.provideOverlay(client, id, debian, debian.sizeBytes(), Place.MEMORY);
    return id;
  }

  private LeasedDisk opened(String client, OverlayId id) throws StoreException {
    return store.openOverlay(client, id, Place.MEMORY, () -> Long.MAX_VALUE, BeforeFlushed.KNOWN);
  }

  private OverlayId written(String client) throws Exception {
    OverlayId id = made(client);
    try (LeasedDisk disk = opened(client, id)) {
      new Disk(disk.device()).write(0, OURS);
    }
    return id;
  }

  private Path ours() throws IOException {
    try (Stream<Path> inside = Files.list(memory)) {
      return inside.findFirst().orElseThrow();
    }
  }

  @Test
  void nothingIsThereBeforeTheFirstDiskInMemory() throws Exception {
    store.createOverlay("web1", OverlayId.random(), debian, debian.sizeBytes());
    try (Stream<Path> inside = Files.list(memory)) {
      assertEquals(0, inside.count());
    }
  }

  @Test
  void theDiskIsInTheMemoryFolderAndClosedToOthers() throws Exception {
    written("web1");
    assertTrue(Files.exists(ours().resolve("clients/web1.qcow2")));
    assertFalse(Files.exists(data.resolve("clients/web1.qcow2")));
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(ours())));
    assertTrue(store.overlayBytes("web1") > 0);
    assertEquals(List.of("web1"), store.usersOf(debian));
  }

  @Test
  void theNextServerFindsWhatThisOneLeft() throws Exception {
    OverlayId id = written("web1");
    store.close();
    store = LocalImageStore.open(data, memory);
    try (LeasedDisk disk = opened("web1", id)) {
      assertArrayEquals(OURS, new Disk(disk.device()).read(0, OURS.length));
    }
  }

  @Test
  void afterAPowerLossTheDiskIsLost() throws Exception {
    OverlayId id = written("web1");
    store.close();
    Path gone = ours();
    List<Path> all;
    try (Stream<Path> tree = Files.walk(gone)) {
      all = tree.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : all) {
      Files.delete(path);
    }
    store = LocalImageStore.open(data, memory);
    assertEquals(Kind.LOST, assertThrows(StoreException.class, () -> opened("web1", id)).kind());
    assertEquals(List.of(), store.clients());
  }

  @Test
  void qemuReadsItByItsBackingName() throws Exception {
    written("web1");
    assertEquals(
        data.resolve("images/debian/1.raw").toRealPath(),
        ours().resolve("clients").resolve("../images/debian/1.raw").toRealPath());
  }

  @Test
  void aClientThatChangesItsPlaceLeavesNothingBehind() throws Exception {
    OverlayId onDisk = OverlayId.random();
    store.createOverlay("web1", onDisk, debian, debian.sizeBytes());
    written("web1");
    assertFalse(Files.exists(data.resolve("clients/web1.qcow2")));
    store.createOverlay("web1", onDisk, debian, debian.sizeBytes());
    assertFalse(Files.exists(ours().resolve("clients/web1.qcow2")));
    assertTrue(Files.exists(data.resolve("clients/web1.qcow2")));
  }

  @Test
  void aForgottenClientIsGoneFromMemory() throws Exception {
    written("web1");
    store.forget("web1");
    assertEquals(0, store.overlayBytes("web1"));
    assertEquals(List.of(), store.usersOf(debian));
  }

  @Test
  void theFolderGoesWithTheLastDisk() throws Exception {
    written("web1");
    store.forget("web1");
    store.close();
    try (Stream<Path> inside = Files.list(memory)) {
      assertEquals(0, inside.count());
    }
  }

  @Test
  void aDiskInMemoryIsPublished() throws Exception {
    written("web1");
    GoldenVersion second = store.publish("debian", "web1", null, Progress.NONE);
    try (LeasedDisk disk = store.openReadOnly(second)) {
      assertArrayEquals(OURS, new Disk(disk.device()).read(0, OURS.length));
    }
  }

  @Test
  void aPlaceThatIsNotMemoryIsRefused() throws Exception {
    store.close();
    // A file system that is never a tmpfs, on any Linux.
    store = LocalImageStore.open(data, Path.of("/proc"));
    StoreException refused = assertThrows(StoreException.class, () -> made("web1"));
    assertEquals(Kind.INVALID, refused.kind());
    assertTrue(String.valueOf(refused.getMessage()).contains("/proc is on proc"));
    assertThrows(StoreException.class, store::checkMemory);
  }

  @Test
  void aPlaceThatIsNotThereIsRefused() throws Exception {
    store.close();
    store = LocalImageStore.open(data, memory.resolve("none"));
    StoreException refused = assertThrows(StoreException.class, () -> made("web1"));
    assertTrue(String.valueOf(refused.getMessage()).contains("it is not there"));
  }

  @Test
  void aFolderThatOthersMayOpenIsRefused() throws Exception {
    written("web1");
    store.close();
    Files.setPosixFilePermissions(ours(), PosixFilePermissions.fromString("rwxrwxrwx"));
    store = LocalImageStore.open(data, memory);
    StoreException refused = assertThrows(StoreException.class, () -> made("web2"));
    assertTrue(String.valueOf(refused.getMessage()).contains("only this user"));
  }

  @Test
  void aLinkInTheFoldersPlaceIsRefused() throws Exception {
    written("web1");
    store.forget("web1");
    Path name = ours();
    store.close();
    Path elsewhere = Files.createDirectory(memory.resolve("elsewhere"));
    Files.createSymbolicLink(name, elsewhere);
    store = LocalImageStore.open(data, memory);
    assertThrows(StoreException.class, () -> made("web1"));
    try (Stream<Path> inside = Files.list(elsewhere)) {
      assertEquals(0, inside.count());
    }
  }

  /** Writes pieces until there is no room; returns what the refusal says. */
  private static String fill(LeasedDisk disk) throws Exception {
    byte[] piece = new byte[64 << 10];
    Arrays.fill(piece, (byte) 1);
    for (int at = 0; at < 1 << 20; at += piece.length) {
      try {
        new Disk(disk.device()).write(at, piece);
      } catch (BlockIoException refused) {
        assertEquals(BlockIoException.Kind.NO_SPACE, refused.kind());
        return String.valueOf(refused.getMessage());
      }
    }
    return "";
  }

  @Test
  void allOfThemTogetherHaveALimit() throws Exception {
    store.close();
    LongSupplier limit = () -> 1536 << 10;
    store = LocalImageStore.open(data, memory, () -> Long.MAX_VALUE, limit);
    OverlayId first = made("web1");
    OverlayId second = made("web2");
    try (LeasedDisk one = opened("web1", first);
        LeasedDisk two = opened("web2", second)) {
      assertEquals("", fill(one));
      assertTrue(fill(two).contains("'memory.disks'"), "the second is refused by name");
      assertTrue(store.memoryUsage().allocatedBytes() <= limit.getAsLong());
    }
    assertEquals(Kind.NO_SPACE, assertThrows(StoreException.class, store::checkMemory).kind());
    long used = store.memoryUsage().allocatedBytes();
    store.close();
    store = LocalImageStore.open(data, memory, () -> Long.MAX_VALUE, limit);
    assertEquals(used, store.memoryUsage().allocatedBytes(), "a restart counts them");
    store.removeOverlay("web1");
    try (LeasedDisk two = opened("web2", second)) {
      assertEquals("", fill(two));
    }
    assertEquals(Long.MAX_VALUE, store.usage().limitBytes(), "the store's own is another one");
  }
}
