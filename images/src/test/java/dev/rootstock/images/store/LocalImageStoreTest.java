// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.store.StoreException.Kind;
import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.TestFiles;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class LocalImageStoreTest {
  private static final int SIZE = 300 * 512;

  @TempDir Path folder;
  private Path data;
  private Path source;
  private byte[] content;
  private LocalImageStore store;

  @BeforeEach
  void openStore() throws Exception {
    data = folder.resolve("data");
    source = folder.resolve("disk.raw");
    content = new byte[SIZE];
    new Random(7).nextBytes(content);
    Files.write(source, content);
    store = LocalImageStore.open(data);
  }

  @AfterEach
  void closeStore() {
    store.close();
  }

  private void reopen() throws StoreException {
    store.close();
    store = LocalImageStore.open(data);
  }

  private GoldenVersion imported() throws StoreException {
    return store.importImage(source, "debian", null, Progress.NONE);
  }

  private static StoreException refused(Kind kind, Executable what) {
    StoreException refusal = assertThrows(StoreException.class, what);
    assertEquals(kind, refusal.kind(), refusal.getMessage());
    assertFalse(String.valueOf(refusal.getMessage()).contains("\n"));
    return refusal;
  }

  private List<String> files() throws IOException {
    try (Stream<Path> all = Files.walk(data)) {
      return all.filter(Files::isRegularFile)
          .map(file -> data.relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  @Test
  void importedVersionIsAReadOnlyCopyWithItsChecksum() throws Exception {
    GoldenVersion version = imported();

    Path raw = data.resolve("images/debian/1.raw");
    assertArrayEquals(content, Files.readAllBytes(raw));
    assertEquals(PosixFilePermissions.fromString("r--r--r--"), Files.getPosixFilePermissions(raw));
    assertEquals("debian@1", version.toString());
    assertEquals(SIZE, version.sizeBytes());
    String sha256 = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    assertEquals(sha256, version.sha256());
    assertEquals(
        List.of("images/debian/1.info", "images/debian/1.raw", "images/debian/1.sums", "lock"),
        files());
  }

  @Test
  void versionsAreNumberedAndSurviveReopening() throws Exception {
    GoldenVersion first = imported();
    GoldenVersion second = imported();
    GoldenVersion other = store.importImage(source, "alpine", null, Progress.NONE);

    reopen();

    assertEquals(List.of(other, first, second), store.versions());
    assertEquals(second, store.defaultVersion("debian").orElseThrow());
    assertEquals(first, store.find("debian", 1).orElseThrow());
    assertTrue(store.find("debian", 3).isEmpty());
    assertTrue(store.defaultVersion("none").isEmpty());
  }

  @Test
  void sparseImageStaysSparse() throws Exception {
    long size = 1L << 28;
    try (RandomAccessFile file = new RandomAccessFile(source.toFile(), "rw")) {
      file.setLength(size);
    }
    GoldenVersion version = imported();

    assertEquals(size, version.sizeBytes());
    Process du =
        new ProcessBuilder("du", "-k", data.resolve("images/debian/1.raw").toString()).start();
    String output = new String(du.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    long kilobytes = Long.parseLong(output.substring(0, output.indexOf('\t')));
    assertTrue(kilobytes < 1_024, "it takes " + kilobytes + " KiB");
    store.verify(version, Progress.NONE);
  }

  @Test
  void importTellsItsProgressToTheEnd() throws Exception {
    long[] last = new long[2];
    store.importImage(
        source,
        "debian",
        null,
        (done, total) -> {
          last[0] = done;
          last[1] = total;
        });
    assertArrayEquals(new long[] {SIZE, SIZE}, last);
  }

  @Test
  void importRefusesWhatIsNoDisk() throws Exception {
    Path bad = folder.resolve("bad");
    refused(Kind.NOT_FOUND, () -> store.importImage(bad, "debian", null, Progress.NONE));
    refused(Kind.INVALID, () -> store.importImage(folder, "debian", null, Progress.NONE));
    for (String name : List.of("", "Debian", "a..b", "../a", ".a", "a/b", "x".repeat(64))) {
      refused(Kind.INVALID, () -> store.importImage(source, name, null, Progress.NONE));
    }
    Files.write(bad, new byte[0]);
    refused(Kind.INVALID, () -> store.importImage(bad, "debian", null, Progress.NONE));
    Files.write(bad, new byte[513]);
    StoreException odd =
        refused(Kind.INVALID, () -> store.importImage(bad, "debian", null, Progress.NONE));
    assertTrue(String.valueOf(odd.getMessage()).contains("513"), odd.getMessage());

    assertEquals(List.of("lock"), files());
    assertFalse(Files.exists(data.resolve("images/debian")));
  }

  @Test
  void verifyFindsAChangedByte() throws Exception {
    GoldenVersion version = imported();
    store.verify(version, Progress.NONE);

    Path raw = data.resolve("images/debian/1.raw");
    Files.setPosixFilePermissions(raw, PosixFilePermissions.fromString("rw-r--r--"));
    byte[] changed = content.clone();
    changed[SIZE / 2] ^= 1;
    Files.write(raw, changed);

    refused(Kind.CORRUPT, () -> store.verify(version, Progress.NONE));
  }

  @Test
  void leftoversOfAnInterruptedImportAreSwept() throws Exception {
    store.close();
    Path image = Files.createDirectories(data.resolve("images/debian"));
    Files.write(image.resolve(".1.importing"), new byte[5]);
    Files.write(image.resolve(".1.describing"), new byte[5]);
    store = LocalImageStore.open(data);

    assertEquals(List.of("lock"), files());
    assertEquals(1, imported().number());
  }

  @Test
  void importThatEndedBetweenItsRenamesIsFinishedAtTheNextStart() throws Exception {
    GoldenVersion version = imported();
    store.close();
    Path image = data.resolve("images/debian");
    Files.move(image.resolve("1.raw"), image.resolve(".1.importing"));
    store = LocalImageStore.open(data);

    assertEquals(List.of(version), store.versions());
    store.verify(version, Progress.NONE);
  }

  @Test
  void numberOfALostVersionIsNotGivenAgain() throws Exception {
    imported();
    store.close();
    Files.delete(data.resolve("images/debian/1.raw"));
    store = LocalImageStore.open(data);

    assertTrue(store.versions().isEmpty());
    assertEquals(2, imported().number());
  }

  @Test
  void secondStoreInOneDirectoryIsRefused() {
    StoreException refusal = refused(Kind.IN_USE, () -> LocalImageStore.open(data));
    assertTrue(String.valueOf(refusal.getMessage()).contains("this process"));
  }

  @Test
  void readOnlyDiskShowsTheImageAndRefusesWrites() throws Exception {
    try (LeasedDisk lease = store.openReadOnly(imported())) {
      Disk disk = new Disk(lease.device());
      assertArrayEquals(content, disk.read(0, SIZE));
      assertArrayEquals(Arrays.copyOfRange(content, 512, 1536), disk.tryRead(512, 1024));
      assertTrue(lease.device().geometry().readOnly());
      BlockIoException refusal =
          assertThrows(BlockIoException.class, () -> disk.write(0, new byte[512]));
      assertEquals(BlockIoException.Kind.READ_ONLY, refusal.kind());
    }
  }

  @Test
  void overlayKeepsWhatIsWrittenOverReopening() throws Exception {
    GoldenVersion base = imported();
    OverlayId id = OverlayId.random();
    store.createOverlay("node1", id, base, SIZE);
    byte[] written = new byte[512];
    Arrays.fill(written, (byte) 9);
    try (LeasedDisk lease = store.openOverlay("node1", id)) {
      new Disk(lease.device()).write(1024, written);
    }
    reopen();
    try (LeasedDisk lease = store.openOverlay("node1", id)) {
      byte[] expected = content.clone();
      System.arraycopy(written, 0, expected, 1024, 512);
      assertArrayEquals(expected, new Disk(lease.device()).read(0, SIZE));
    }
    store.verify(base, Progress.NONE);
  }

  @Test
  void largerDiskReadsZerosBeyondItsImage() throws Exception {
    OverlayId id = OverlayId.random();
    store.createOverlay("node1", id, imported(), SIZE + 4096);
    try (LeasedDisk lease = store.openOverlay("node1", id)) {
      Disk disk = new Disk(lease.device());
      assertArrayEquals(
          Arrays.copyOfRange(content, SIZE - 512, SIZE + 1024), disk.read(SIZE - 512, 1536));
      assertArrayEquals(
          Arrays.copyOfRange(content, SIZE - 512, SIZE + 1024), disk.tryRead(SIZE - 512, 1536));
    }
    refused(Kind.INVALID, () -> store.createOverlay("node2", id, imported(), SIZE - 512));
    refused(Kind.INVALID, () -> store.createOverlay("node2", id, imported(), SIZE + 1));
  }

  @Test
  void newOverlayReplacesTheOldOne() throws Exception {
    GoldenVersion base = imported();
    OverlayId old = OverlayId.random();
    OverlayId fresh = OverlayId.random();
    store.createOverlay("node1", old, base, SIZE);
    LeasedDisk before = store.openOverlay("node1", old);
    new Disk(before.device()).write(0, new byte[512]);
    refused(Kind.IN_USE, () -> store.createOverlay("node1", fresh, base, SIZE));
    refused(Kind.IN_USE, () -> store.openOverlay("node1", old));

    before.fence().toCompletableFuture().join();
    store.createOverlay("node1", fresh, base, SIZE);

    refused(Kind.OTHER_OVERLAY, () -> store.openOverlay("node1", old));
    try (LeasedDisk lease = store.openOverlay("node1", fresh)) {
      assertArrayEquals(content, new Disk(lease.device()).read(0, SIZE));
    }
    before.close();
  }

  @Test
  void replacedAndRemovedOverlaysAreDeletedInTheBackground() throws Exception {
    GoldenVersion base = imported();
    store.createOverlay("node1", OverlayId.random(), base, SIZE);
    store.createOverlay("node1", OverlayId.random(), base, SIZE);
    assertTrue(store.overlayBytes("node1") > 0);
    store.removeOverlay("node1");
    store.removeOverlay("node1");
    assertEquals(0, store.overlayBytes("node1"));

    reopen(); // closing ends the deletion under way, opening begins one more
    store.close();
    store = LocalImageStore.open(data);
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (files().size() > 4 && System.nanoTime() < deadline) {
      Thread.sleep(10);
    }
    assertEquals(
        List.of("images/debian/1.info", "images/debian/1.raw", "images/debian/1.sums", "lock"),
        files());
  }

  @Test
  void overlayThatIsGoneIsLost() throws Exception {
    OverlayId id = OverlayId.random();
    refused(Kind.LOST, () -> store.openOverlay("node1", id));
    store.createOverlay("node1", id, imported(), SIZE);
    Files.delete(data.resolve("clients/node1.qcow2"));
    refused(Kind.LOST, () -> store.openOverlay("node1", id));
  }

  @Test
  void damagedOverlayIsCorruptAndItsImageIsReleased() throws Exception {
    OverlayId id = OverlayId.random();
    store.createOverlay("node1", id, imported(), SIZE);
    Path file = data.resolve("clients/node1.qcow2");
    byte[] bytes = Files.readAllBytes(file);
    bytes[0] = 0;
    Files.write(file, bytes);
    StoreException refusal = refused(Kind.CORRUPT, () -> store.openOverlay("node1", id));
    assertTrue(String.valueOf(refusal.getMessage()).contains("offset 0"), refusal.getMessage());
    Files.write(file, new byte[10]);
    refused(Kind.CORRUPT, () -> store.openOverlay("node1", id));
  }

  @Test
  void overlayNeverLeadsOutOfTheStore() throws Exception {
    OverlayId id = OverlayId.random();
    GoldenVersion base = imported();
    store.createOverlay("node1", id, base, SIZE);
    Path file = data.resolve("clients/node1.qcow2");
    byte[] bytes = Files.readAllBytes(file);
    String header = new String(bytes, 0, 4096, StandardCharsets.ISO_8859_1);
    int name = header.indexOf("../images/debian/1.raw");
    byte[] evil = "../images/../../../aaa".getBytes(StandardCharsets.US_ASCII);
    assertEquals("../images/debian/1.raw".length(), evil.length);
    System.arraycopy(evil, 0, bytes, name, evil.length);
    Files.write(file, bytes);
    refused(Kind.CORRUPT, () -> store.openOverlay("node1", id));
  }

  @Test
  void overlayOnAVersionThatIsGoneSaysWhich() throws Exception {
    OverlayId id = OverlayId.random();
    store.createOverlay("node1", id, imported(), SIZE);
    store.close();
    Files.delete(data.resolve("images/debian/1.raw"));
    store = LocalImageStore.open(data);
    StoreException refusal = refused(Kind.NOT_FOUND, () -> store.openOverlay("node1", id));
    assertTrue(String.valueOf(refusal.getMessage()).contains("debian@1"));
  }

  @Test
  void fencedLeaseAndItsSuccessorNeverMeet() throws Exception {
    OverlayId id = OverlayId.random();
    store.createOverlay("node1", id, imported(), SIZE);
    LeasedDisk old = store.openOverlay("node1", id);
    var fenced = old.fence();
    try (LeasedDisk next = store.openOverlay("node1", id)) {
      assertTrue(fenced.toCompletableFuture().isDone());
      BlockIoException refusal =
          assertThrows(
              BlockIoException.class, () -> new Disk(old.device()).write(0, new byte[512]));
      assertEquals(BlockIoException.Kind.FENCED, refusal.kind());
      assertNotNull(new Disk(next.device()).read(0, 512));
    }
    old.close();
  }

  @Test
  void closingTheStoreClosesItsLeases() throws Exception {
    OverlayId id = OverlayId.random();
    store.createOverlay("node1", id, imported(), SIZE);
    LeasedDisk lease = store.openOverlay("node1", id);
    store.close();
    assertTrue(lease.ended());
    BlockIoException refusal =
        assertThrows(BlockIoException.class, () -> new Disk(lease.device()).read(0, 512));
    assertEquals(BlockIoException.Kind.CLOSED, refusal.kind());
    store = LocalImageStore.open(data);
  }

  @Test
  void importThatRunsOutOfSpaceLeavesNothing() throws Exception {
    store.close();
    TestFiles files = new TestFiles();
    store = LocalImageStore.open(data, files);
    for (int nth = 0; nth < 2; nth++) { // the bytes, the description
      files.failWriteAfter(nth, TestFiles.Fault.HALF_THEN_NO_SPACE);
      refused(Kind.NO_SPACE, this::imported);
      assertEquals(List.of("lock"), files());
      assertFalse(Files.exists(data.resolve("images/debian")));
    }
    files.failSyncAfter(0);
    refused(Kind.IO, this::imported);
    assertEquals(List.of("lock"), files());
    assertEquals(1, imported().number());
  }

  @Test
  void overlayThatCannotBeMadeLeavesTheOldOne() throws Exception {
    store.close();
    TestFiles files = new TestFiles();
    store = LocalImageStore.open(data, files);
    GoldenVersion base = imported();
    OverlayId id = OverlayId.random();
    store.createOverlay("node1", id, base, SIZE);
    try (LeasedDisk lease = store.openOverlay("node1", id)) {
      new Disk(lease.device()).write(0, new byte[512]);
    }
    files.failWriteAfter(0, TestFiles.Fault.HALF_THEN_NO_SPACE);
    refused(Kind.NO_SPACE, () -> store.createOverlay("node1", OverlayId.random(), base, SIZE));
    assertFalse(files().contains("clients/.node1.new"));
    try (LeasedDisk lease = store.openOverlay("node1", id)) {
      assertArrayEquals(new byte[512], new Disk(lease.device()).read(0, 512));
    }
  }

  @Test
  void creatingAnOverlayTakesTheSameForASmallAndALargeDisk() throws Exception {
    GoldenVersion base = imported();
    store.createOverlay("small", OverlayId.random(), base, SIZE);
    store.createOverlay("large", OverlayId.random(), base, 2L << 40);
    assertEquals(4 * 131_072, store.overlayBytes("small"));
    assertEquals(4 * 131_072, store.overlayBytes("large"));
  }

  @Test
  void manyDisksShareFewThreads() throws Exception {
    Set<Thread> ofOthers = writeThreads();
    GoldenVersion base = imported();
    int clients = 24;
    List<LeasedDisk> disks = new ArrayList<>();
    List<CompletableFuture<@Nullable BlockIoException>> ends = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      OverlayId id = OverlayId.random();
      store.createOverlay("node" + i, id, base, SIZE);
      disks.add(store.openOverlay("node" + i, id));
    }
    for (int i = 0; i < clients; i++) {
      byte[] own = new byte[512];
      Arrays.fill(own, (byte) i);
      for (int block = 0; block < 8; block++) {
        ends.add(new Disk(disks.get(i).device()).write(block * 1024L, own, Durability.FORCED));
      }
    }
    // A store of an earlier test may have left threads that have not quite ended.
    long threads = writeThreads().stream().filter(thread -> !ofOthers.contains(thread)).count();
    for (CompletableFuture<@Nullable BlockIoException> end : ends) {
      Disk.await(end);
    }
    assertTrue(threads <= Limits.WRITE_THREADS, threads + " threads");
    for (int i = 0; i < clients; i++) {
      byte[] read = new Disk(disks.get(i).device()).read(7 * 1024, 1024);
      assertEquals(i, read[0]);
      assertEquals(content[7 * 1024 + 512], read[512]);
    }
  }

  private static Set<Thread> writeThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("images-write"))
        .collect(Collectors.toSet());
  }

  @Test
  void closedStoreIsClosedForGood() throws Exception {
    store.close();
    try (LocalImageStore next = LocalImageStore.open(data)) {
      store.close();
      assertThrows(StoreException.class, () -> LocalImageStore.open(data));
      assertThrows(IllegalStateException.class, this::imported);
      assertTrue(next.versions().isEmpty());
    }
  }
}
