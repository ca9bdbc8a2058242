// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.rootstock.images.store.StoreException.Kind;
import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.FaultyFiles;
import dev.rootstock.images.testing.TestFiles.Fault;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/**
 * Each operation of the store again and again, each time with another one of its I/Os failing: the
 * file system is full, the disk breaks, a write ends halfway. The operation says so; everything is
 * as it was, to the last file, byte of the account and open file; and the same operation works when
 * it is tried again. With {@code -Drootstock.long=true} every I/O fails in every way.
 */
class StoreFaultTest {
  private static final boolean LONG = Boolean.getBoolean("rootstock.long");
  private static final int SAMPLES = 4;
  private static final int SIZE = 300 << 10;
  private static final String PACKAGE = "dev.rootstock.images";

  private interface Work {
    void run() throws Exception;
  }

  /**
   * What is tried.
   *
   * @param judge what holds when it has worked
   * @param undo makes it possible once more
   */
  private record Operation(Work work, Work judge, Work undo) {}

  @TempDir Path folder;
  private final FaultyFiles files = new FaultyFiles();
  private final Map<String, Operation> operations = new LinkedHashMap<>();
  private final byte[] golden = bytes(1);
  private byte[] web = golden.clone();
  private final byte[] busy = golden.clone();
  private final byte[] other = golden.clone();
  private final byte[] monday = golden.clone();
  private final byte[] data = new byte[SIZE];
  private final OverlayId dataDisk = OverlayId.random();
  private Path home = Path.of("");
  private LocalImageStore store = null_();
  private GoldenVersion first = null_();
  private GoldenVersion second = null_();
  private OverlayId webId = OverlayId.random();
  private OverlayId nextId = OverlayId.random();
  private LeasedDisk busyLease = null_();
  private LeasedDisk otherLease = null_();
  private static int tried;
  private static int failures;

  /** What {@link #open} sets. */
  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
  private static <T> T null_() {
    return null;
  }

  @BeforeAll
  static void quiet() {
    ((Logger) LoggerFactory.getLogger(PACKAGE)).setLevel(Level.OFF);
  }

  @AfterAll
  static void loud() {
    ((Logger) LoggerFactory.getLogger(PACKAGE)).setLevel(null);
    System.out.printf(
        "long: the store's operations with a fault at %d I/Os: %d failed, the others did without%n",
        tried, failures);
  }

  private static byte[] bytes(int seed) {
    byte[] bytes = new byte[SIZE];
    new Random(seed).nextBytes(bytes);
    Arrays.fill(bytes, 70_000, 200_000, (byte) 0);
    return bytes;
  }

  private static void write(LeasedDisk lease, byte[] model, int at, int value) throws Exception {
    byte[] written = new byte[5120];
    Arrays.fill(written, (byte) value);
    System.arraycopy(written, 0, model, at, written.length);
    new Disk(lease.device()).write(at, written);
    new Disk(lease.device()).flush();
  }

  @BeforeEach
  void open() throws Exception {
    home = folder.resolve("data");
    store = LocalImageStore.open(home, files);
    Path source = Files.write(folder.resolve("disk.raw"), golden);
    first = store.importImage(source, "debian", null, Progress.NONE);
    store.createOverlay("web", webId, first, SIZE);
    try (LeasedDisk lease = store.openOverlay("web", webId)) {
      write(lease, monday, 4096, 7);
    }
    store.snapshot("web", "monday", Progress.NONE);
    System.arraycopy(monday, 0, web, 0, SIZE);
    try (LeasedDisk lease = store.openOverlay("web", webId)) {
      write(lease, web, 150_016, 8);
    }
    second = store.publish("debian", "web", null, Progress.NONE);
    store.export(second, folder.resolve("disk.qcow2"), SourceFormat.QCOW2, Progress.NONE);
    busyLease = running("busy");
    write(busyLease, busy, 8192, 5);
    otherLease = running("other");
    store.dataDisks().create("web", dataDisk, SIZE);
    try (LeasedDisk lease = store.dataDisks().open("web", dataDisk)) {
      write(lease, data, 512, 3);
    }
    imports();
    publishing();
    copies();
    disks();
    exports();
  }

  private LeasedDisk running(String client) throws Exception {
    OverlayId id = OverlayId.random();
    store.createOverlay(client, id, first, SIZE);
    return store.openOverlay(client, id);
  }

  @AfterEach
  void close() {
    files.end();
    store.close();
    assertEquals(List.of(), files.open(), "files are open");
  }

  // ---- the operations

  private void add(String name, Work work, Work judge, Work undo) {
    operations.put(name, new Operation(work, judge, undo));
  }

  private GoldenVersion newest(String name) {
    return store.versions().stream()
        .filter(version -> version.name().equals(name))
        .reduce((older, newer) -> newer)
        .orElseThrow();
  }

  private void imports() {
    Work remove = () -> store.removeVersion(newest("new"));
    add(
        "import raw",
        () -> store.importImage(folder.resolve("disk.raw"), "new", null, Progress.NONE),
        () -> shows("new", golden),
        remove);
    add(
        "import qcow2",
        () -> store.importImage(folder.resolve("disk.qcow2"), "new", null, Progress.NONE),
        () -> shows("new", web),
        remove);
    add(
        "import another version",
        () -> store.importImage(folder.resolve("disk.qcow2"), "debian", null, Progress.NONE),
        () -> shows("debian", web),
        () -> store.removeVersion(newest("debian")));
    add(
        "create",
        () -> store.createBlank("new", SIZE, Progress.NONE),
        () -> shows("new", new byte[SIZE]),
        remove);
    add(
        "default",
        () -> store.setDefault(first),
        () -> assertEquals(first, store.defaultVersion("debian").orElseThrow()),
        () -> store.setDefault(second));
    add(
        "remove",
        () -> store.removeVersion(newest("spare")),
        () -> assertTrue(store.defaultVersion("spare").isEmpty()),
        this::spare);
    add(
        "flatten",
        () -> store.flatten(newest("debian")),
        () -> {
          assertTrue(store.parent(newest("debian")).isEmpty());
          shows("debian", web);
        },
        () -> store.publish("debian", "web", null, Progress.NONE));
  }

  private void spare() throws Exception {
    store.importImage(folder.resolve("disk.raw"), "spare", null, Progress.NONE);
  }

  private void shows(String name, byte[] expected) throws Exception {
    GoldenVersion made = newest(name);
    assertEquals(made, store.defaultVersion(name).orElseThrow());
    store.verify(made, Progress.NONE);
    try (LeasedDisk lease = store.openReadOnly(made)) {
      assertArrayEquals(expected, new Disk(lease.device()).read(0, SIZE));
    }
  }

  private void publishing() {
    Work undo = () -> store.removeVersion(newest("debian"));
    add(
        "publish",
        () -> store.publish("debian", "web", null, Progress.NONE),
        () -> shows("debian", web),
        undo);
    add(
        "publish a running disk",
        () -> store.publish("debian", "busy", null, Progress.NONE),
        () -> shows("debian", busy),
        undo);
    add(
        "publish a snapshot",
        () -> store.publish("debian", "web", "monday", Progress.NONE),
        () -> shows("debian", monday),
        undo);
    add(
        "publish as another image",
        () -> store.publish("new", "web", null, Progress.NONE),
        () -> shows("new", web),
        () -> store.removeVersion(newest("new")));
  }

  private void copies() {
    add(
        "snapshot",
        () -> store.snapshot("web", "tuesday", Progress.NONE),
        () -> kept("web", web),
        () -> store.removeSnapshot("web", "tuesday"));
    add(
        "snapshot of a running disk",
        () -> store.snapshot("busy", "tuesday", Progress.NONE),
        () -> kept("busy", busy),
        () -> store.removeSnapshot("busy", "tuesday"));
    add(
        "restore",
        () -> store.restore("web", "monday", nextId, Progress.NONE),
        () -> now(monday),
        () -> {});
    add(
        "rebase",
        () -> store.rebase("web", second, nextId, Progress.NONE),
        () -> now(web),
        () -> {});
  }

  private void kept(String client, byte[] expected) throws Exception {
    GoldenVersion made = store.publish("kept", client, "tuesday", Progress.NONE);
    shows("kept", expected);
    store.removeVersion(made);
  }

  /** The disk of web has its next identity. */
  private void now(byte[] content) throws Exception {
    webId = nextId;
    nextId = OverlayId.random();
    web = content.clone();
    webIs(content);
  }

  private void webIs(byte[] expected) throws Exception {
    try (LeasedDisk lease = store.openOverlay("web", webId)) {
      assertArrayEquals(expected, new Disk(lease.device()).read(0, SIZE));
    }
  }

  private void disks() {
    OverlayId id = OverlayId.random();
    Work fresh =
        () -> {
          try (LeasedDisk lease = store.openOverlay("fresh", id)) {
            assertArrayEquals(golden, new Disk(lease.device()).read(0, SIZE));
          }
        };
    add(
        "first disk",
        () -> store.createOverlay("fresh", id, first, SIZE),
        fresh,
        () -> store.removeOverlay("fresh"));
    add(
        "first disk, not durable",
        () -> store.provideOverlay("fresh", id, first, SIZE),
        fresh,
        () -> store.removeOverlay("fresh"));
    add(
        "reset",
        () -> store.createOverlay("web", nextId, first, SIZE),
        () -> now(golden),
        () -> {});
    add(
        "data disk",
        () -> store.dataDisks().create("fresh", id, SIZE),
        () -> store.dataDisks().check("fresh", id),
        () -> store.dataDisks().remove("fresh", id));
  }

  private void exports() {
    Path to = folder.resolve("exported");
    for (SourceFormat format : List.of(SourceFormat.RAW, SourceFormat.QCOW2, SourceFormat.GZ)) {
      add(
          "export " + format.text(),
          () -> store.export(second, to, format, Progress.NONE),
          () -> exported(to, second.file().endsWith("raw") ? golden : published()),
          () -> Files.delete(to));
    }
    add(
        "export of a client",
        () -> store.exportClient("web", to, SourceFormat.RAW, Progress.NONE),
        () -> assertArrayEquals(web, Files.readAllBytes(to)),
        () -> Files.delete(to));
    add(
        "export of a running client",
        () -> store.exportClient("busy", to, SourceFormat.QCOW2, Progress.NONE),
        () -> exported(to, busy),
        () -> Files.delete(to));
    add(
        "export of a data disk",
        () -> store.dataDisks().export("web", dataDisk, to, SourceFormat.RAW, Progress.NONE),
        () -> assertArrayEquals(data, Files.readAllBytes(to)),
        () -> Files.delete(to));
  }

  private byte[] published() throws Exception {
    try (LeasedDisk lease = store.openReadOnly(second)) {
      return new Disk(lease.device()).read(0, SIZE);
    }
  }

  private void exported(Path file, byte[] expected) throws Exception {
    GoldenVersion made = store.importImage(file, "back", null, Progress.NONE);
    shows("back", expected);
    store.removeVersion(made);
  }

  // ---- what is looked at

  /** All that can be seen of the store from outside. */
  private record State(
      Map<String, Long> files,
      List<Path> open,
      long bytes,
      Map<String, Long> clients,
      List<GoldenVersion> versions,
      Map<String, String> more) {

    void requireSame(State now, String when) {
      assertEquals(files, now.files, when);
      assertEquals(open, now.open, when);
      assertEquals(clients, now.clients, when);
      assertEquals(bytes, now.bytes, when);
      assertEquals(versions, now.versions, when);
      assertEquals(more, now.more, when);
    }
  }

  /** Open files; a running disk closes its journal when it likes. */
  private List<Path> openFiles() {
    return files.open().stream().filter(file -> !file.toString().endsWith(".journal")).toList();
  }

  /** Every file and folder, with its length in bytes; the trash is emptied while this looks. */
  private static Map<String, Long> filesOutsideTheTrash(Path root) throws IOException {
    Map<String, Long> found = new TreeMap<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes of) {
            if (directory.endsWith(".trash")) {
              return FileVisitResult.SKIP_SUBTREE;
            }
            found.put(root.relativize(directory).toString(), 0L);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes of) {
            found.put(root.relativize(file).toString(), of.size());
            return FileVisitResult.CONTINUE;
          }
        });
    return found;
  }

  private State state(boolean withHidden) throws Exception {
    Map<String, Long> found = filesOutsideTheTrash(folder);
    if (!withHidden) {
      found.keySet().removeIf(name -> Path.of(name).getFileName().toString().startsWith("."));
    }
    Map<String, Long> clients = new TreeMap<>();
    Map<String, String> more = new TreeMap<>();
    for (String client : List.of("web", "busy", "other", "fresh")) {
      clients.put(client, store.clientBytes(client));
      more.put("snapshots of " + client, store.snapshots(client).toString());
    }
    for (GoldenVersion version : store.versions()) {
      more.put("default of " + version.name(), store.defaultVersion(version.name()).toString());
      more.put("below and above " + version, store.parent(version) + " " + store.usersOf(version));
    }
    return new State(
        found, openFiles(), store.usage().allocatedBytes(), clients, store.versions(), more);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "import raw",
        "import qcow2",
        "import another version",
        "create",
        "default",
        "remove",
        "flatten",
        "publish",
        "publish a running disk",
        "publish a snapshot",
        "publish as another image",
        "snapshot",
        "snapshot of a running disk",
        "restore",
        "rebase",
        "first disk",
        "first disk, not durable",
        "reset",
        "data disk",
        "export raw",
        "export qcow2",
        "export gz",
        "export of a client",
        "export of a running client",
        "export of a data disk"
      })
  void anyIoMayFailAndNothingIsLostOrLeft(String name) throws Exception {
    Operation operation = Objects.requireNonNull(operations.get(name));
    spare();
    int failed = 0;
    for (Fault fault : Fault.values()) {
      files.count(fault);
      operation.work.run();
      int count = files.end();
      operation.judge.run();
      operation.undo.run();
      for (int nth : chosen(name, fault, count)) {
        failed += attempt(name, operation, nth, fault) ? 1 : 0;
      }
    }
    assertTrue(failed > 0, "nothing has failed");
    operation.work.run();
    operation.judge.run();
    reopen();
    failures += failed;
  }

  /** What the next start would find is not touched by one that the disk does not let through. */
  @Test
  void aStoreThatCannotBeOpenedSaysSoAndIsWhatItWas() throws Exception {
    busyLease.close();
    otherLease.close();
    store.close();
    files.count(Fault.IO_ERROR);
    store = LocalImageStore.open(home, files);
    int count = files.end();
    List<GoldenVersion> versions = store.versions();
    long bytes = store.usage().allocatedBytes();
    int refused = 0;
    for (int nth = 0; nth < count; nth++) {
      store.close();
      files.fail(nth, Fault.IO_ERROR);
      String when = "at " + nth;
      try {
        store = LocalImageStore.open(home, files);
      } catch (StoreException failure) {
        refused++;
        assertEquals(Kind.IO, failure.kind(), failure.getMessage());
        assertEquals(List.of(), files.open(), when + ": after " + files.struck());
        files.end();
        store = LocalImageStore.open(home, files);
      }
      files.end();
      assertEquals(versions, store.versions(), when);
      assertEquals(bytes, store.usage().allocatedBytes(), when + ": " + files.struck());
      webIs(web);
    }
    assertTrue(refused > 0, "nothing was refused");
    busyLease = store.openReadOnly(first);
    otherLease = store.openReadOnly(first);
  }

  private static Set<Integer> chosen(String name, Fault fault, int count) {
    if (LONG || count <= SAMPLES) {
      return new TreeSet<>(IntStream.range(0, count).boxed().toList());
    }
    Set<Integer> some = new TreeSet<>(List.of(count - 1));
    new Random((name + fault).hashCode()).ints(SAMPLES, 0, count).forEach(nth -> some.add(nth));
    return some;
  }

  /** Returns whether the operation has failed: it may do without what did. */
  private boolean attempt(String name, Operation operation, int nth, Fault fault) throws Exception {
    State before = state(true);
    State visible = state(false);
    files.fail(nth, fault);
    StoreException failure = null;
    try {
      operation.work.run();
    } catch (StoreException refused) {
      failure = refused;
    } finally {
      files.end();
    }
    String what = files.struck();
    String when = "%s with %s at %d: %s; %s".formatted(name, fault, nth, what, failure);
    tried++;
    try {
      if (failure == null) {
        operation.judge.run();
        operation.undo.run();
        return false;
      }
      assertNotNull(what, when);
      boolean full = fault == Fault.NO_SPACE || fault == Fault.HALF_THEN_NO_SPACE;
      String message = String.valueOf(failure.getMessage());
      boolean unclosed = message.contains("did not close well; the log says why");
      assertEquals(full && !unclosed ? Kind.NO_SPACE : Kind.IO, failure.kind(), when);
      assertFalse(message.isBlank() || message.contains("\n") || message.contains("null"), when);
      boolean deleted = what.startsWith("delete");
      (deleted ? visible : before).requireSame(state(!deleted), when);
      store.verify(first, Progress.NONE);
      assertArrayEquals(golden, Files.readAllBytes(home.resolve("images/debian/1.raw")));
      webIs(web);
      assertArrayEquals(busy, new Disk(busyLease.device()).read(0, SIZE));
      write(otherLease, other, 512 * (nth % 500), nth);
      assertArrayEquals(other, new Disk(otherLease.device()).read(0, SIZE));
      operation.work.run();
      operation.judge.run();
      operation.undo.run();
      return true;
    } catch (Exception | AssertionError wrong) {
      throw new AssertionError(when, wrong);
    }
  }

  /** What a restart finds is what there was, counted anew. */
  private void reopen() throws Exception {
    busyLease.close();
    otherLease.close();
    List<GoldenVersion> versions = store.versions();
    long bytes = store.usage().allocatedBytes();
    store.close();
    store = LocalImageStore.open(home, files);
    assertEquals(versions, store.versions());
    assertEquals(bytes, store.usage().allocatedBytes());
    for (GoldenVersion version : versions) {
      store.verify(version, Progress.NONE);
    }
    webIs(web);
    List<String> leftovers =
        filesOutsideTheTrash(home).keySet().stream()
            .filter(file -> Path.of(file).getFileName().toString().startsWith("."))
            .toList();
    assertEquals(List.of(), leftovers);
    assertNotEquals(0, versions.size());
  }
}
