// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.FaultyFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;

/**
 * A store with images, snapshots and disks, two of them in use, and all that can be done to change
 * it: each operation with what holds when it has worked, and with what makes it possible once more.
 */
final class StoreOperations {
  static final int SIZE = 300 << 10;

  /** Who comes and goes. */
  static final String FORGOTTEN = "gone";

  interface Work {
    void run() throws Exception;
  }

  /**
   * What is tried.
   *
   * @param judge what holds when it has worked
   * @param undo makes it possible once more
   */
  record Operation(Work work, Work judge, Work undo) {}

  private final Path folder;
  private final Path home;
  private final FaultyFiles files;
  private final Map<String, Operation> operations = new LinkedHashMap<>();
  private final byte[] golden = bytes(1);
  private byte[] web = golden.clone();
  private final byte[] busy = golden.clone();
  private final byte[] other = golden.clone();
  private final byte[] spare = golden.clone();
  private final byte[] monday = golden.clone();
  private final byte[] data = new byte[SIZE];
  private final OverlayId dataDisk = OverlayId.random();
  private final OverlayId spareId = OverlayId.random();
  private OverlayId webId = OverlayId.random();
  private OverlayId nextId = OverlayId.random();
  private LocalImageStore store;
  private final GoldenVersion first;
  private final GoldenVersion second;
  private final LeasedDisk busyLease;
  private final LeasedDisk otherLease;

  StoreOperations(Path folder, FaultyFiles files) throws Exception {
    this.folder = folder;
    this.files = files;
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
    store.snapshot("busy", "friday", Progress.NONE);
    otherLease = running("other");
    makeDataDisk();
    makeSpareImage();
    makeSpareDisk();
    imports();
    publishing();
    copies();
    disks();
    exports();
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

  private LeasedDisk running(String client) throws Exception {
    OverlayId id = OverlayId.random();
    store.createOverlay(client, id, first, SIZE);
    return store.openOverlay(client, id);
  }

  private void makeDataDisk() throws Exception {
    store.dataDisks().create("web", dataDisk, SIZE);
    try (LeasedDisk lease = store.dataDisks().open("web", dataDisk)) {
      write(lease, data, 512, 3);
    }
  }

  private void makeSpareImage() throws Exception {
    store.importImage(folder.resolve("disk.raw"), "spare", null, Progress.NONE);
  }

  private void makeSpareDisk() throws Exception {
    store.createOverlay("spare", spareId, first, SIZE);
    try (LeasedDisk lease = store.openOverlay("spare", spareId)) {
      write(lease, spare, 20_480, 6);
    }
  }

  /** Makes a client that has everything: a disk, two snapshots of it, and two further disks. */
  void makeForgotten() throws Exception {
    OverlayId id = OverlayId.random();
    store.createOverlay(FORGOTTEN, id, first, SIZE);
    try (LeasedDisk lease = store.openOverlay(FORGOTTEN, id)) {
      write(lease, golden.clone(), 4096, 9);
    }
    for (String snapshot : List.of("one", "two")) {
      store.snapshot(FORGOTTEN, snapshot, Progress.NONE);
      store.dataDisks().create(FORGOTTEN, OverlayId.random(), SIZE);
    }
  }

  /** What its files take, wherever in the store they are. */
  long bytesOfForgotten() throws IOException {
    try (Stream<Path> all = Files.walk(home)) {
      return all.filter(file -> file.getFileName().toString().startsWith(FORGOTTEN))
          .mapToLong(file -> StoreSpace.allocated(file, files))
          .sum();
    }
  }

  LocalImageStore store() {
    return store;
  }

  Operation named(String name) {
    return Objects.requireNonNull(operations.get(name));
  }

  /** Everything is as it was, whoever writes. */
  void requireContent(int round) throws Exception {
    store.verify(first, Progress.NONE);
    assertArrayEquals(golden, Files.readAllBytes(home.resolve("images/debian/1.raw")));
    webIs(web);
    disk("spare", spareId, spare);
    dataIs();
    assertArrayEquals(busy, new Disk(busyLease.device()).read(0, SIZE));
    write(otherLease, other, 512 * (round % 500), round);
    assertArrayEquals(other, new Disk(otherLease.device()).read(0, SIZE));
  }

  void requireWeb() throws Exception {
    webIs(web);
  }

  /** Nobody uses the disks any more. */
  void endClients() {
    busyLease.close();
    otherLease.close();
  }

  /** The store after this one, which has been closed. */
  LocalImageStore openNext() throws StoreException {
    store = LocalImageStore.open(home, files);
    return store;
  }

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
        this::makeSpareImage);
    add(
        "flatten",
        () -> store.flatten(newest("debian")),
        () -> {
          assertTrue(store.parent(newest("debian")).isEmpty());
          shows("debian", web);
        },
        () -> store.publish("debian", "web", null, Progress.NONE));
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
        "removal of a snapshot",
        () -> store.removeSnapshot("busy", "friday"),
        () -> assertEquals(List.of(), store.snapshots("busy")),
        () -> store.snapshot("busy", "friday", Progress.NONE));
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
    disk("web", webId, expected);
  }

  private void disk(String client, OverlayId id, byte[] expected) throws Exception {
    try (LeasedDisk lease = store.openOverlay(client, id)) {
      assertArrayEquals(expected, new Disk(lease.device()).read(0, SIZE));
    }
  }

  private void dataIs() throws Exception {
    try (LeasedDisk lease = store.dataDisks().open("web", dataDisk)) {
      assertArrayEquals(data, new Disk(lease.device()).read(0, SIZE));
    }
  }

  private void disks() {
    OverlayId id = OverlayId.random();
    Work fresh = () -> disk("fresh", id, golden);
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
    add(
        "removal of a disk",
        () -> store.removeOverlay("spare"),
        () -> {
          assertEquals(0, store.overlayBytes("spare"));
          assertEquals(0, store.clientBytes("spare"));
          assertFalse(store.clients().contains("spare"));
        },
        this::makeSpareDisk);
    add(
        "removal of a data disk",
        () -> store.dataDisks().remove("web", dataDisk),
        () -> assertEquals(List.of(), store.dataDisks().all()),
        this::makeDataDisk);
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
}
