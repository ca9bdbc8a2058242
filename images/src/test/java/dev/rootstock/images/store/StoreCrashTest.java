// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.testing.CrashFiles;
import dev.rootstock.images.testing.Crashes;
import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.MirroredFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * Versions, overlays and snapshots are made, replaced and removed, and the power goes, or the
 * process is killed, at any moment: between two renames, before the sync of a folder, in the midst
 * of an import. The store opens; what was acknowledged is there, what was removed is not, and what
 * is there is whole.
 */
class StoreCrashTest {
  private static final boolean LONG = Boolean.getBoolean("rootstock.long");
  private static final int CRASHES = LONG ? 5_000 : 150;
  private static final int SIZE = 300 << 10;
  private static final String PACKAGE = "dev.rootstock.images";

  /** What holds from a moment on, until something else begins. */
  private static final class Fact {
    final String name;
    final int from;
    final Check check;
    int until = Integer.MAX_VALUE;

    Fact(String name, int from, Check check) {
      this.name = name;
      this.from = from;
      this.check = check;
    }
  }

  private interface Check {
    void on(LocalImageStore store) throws Exception;
  }

  /** Real files, under the kernel's boot that the crash left. */
  private record Plain(UUID boot) implements HostFiles.Opener {
    @Override
    public HostFile open(Path path, HostFiles.Mode mode) throws IOException {
      return HostFiles.open(path, mode);
    }

    @Override
    public void syncFolder(Path folder) {
      // Nothing real is lost.
    }
  }

  private interface Step {
    void run() throws Exception;
  }

  @TempDir Path folder;
  private final CrashFiles mirror = new CrashFiles();
  private final List<Fact> facts = new ArrayList<>();
  private final Map<GoldenVersion, byte[]> shown = new HashMap<>();
  private final Map<String, byte[]> snapshots = new HashMap<>();
  private final OverlayId id = OverlayId.random();

  @BeforeAll
  static void quiet() {
    ((Logger) LoggerFactory.getLogger(PACKAGE)).setLevel(Level.OFF);
  }

  @AfterAll
  static void loud() {
    ((Logger) LoggerFactory.getLogger(PACKAGE)).setLevel(null);
  }

  /** Does something that ends a fact, if there is such a one, and begins another. */
  private void step(String ends, String begins, Step step, Check check) throws Exception {
    end(ends);
    step.run();
    facts.add(new Fact(begins, mirror.count(), check));
  }

  private void end(String name) {
    for (Fact fact : facts) {
      if (fact.name.equals(name)) {
        fact.until = Math.min(fact.until, mirror.count());
      }
    }
  }

  private static byte[] bytes(int seed) {
    byte[] bytes = new byte[SIZE];
    new Random(seed).nextBytes(bytes);
    Arrays.fill(bytes, 70_000, 200_000, (byte) 0);
    return bytes;
  }

  private void imported(LocalImageStore store, String name, int seed) throws Exception {
    Path source = Files.write(folder.resolve("source" + seed), bytes(seed));
    GoldenVersion[] made = new GoldenVersion[1];
    step(
        "default " + name,
        "version " + name + seed,
        () -> {
          made[0] = store.importImage(source, name, null, Progress.NONE);
          shown.put(made[0], bytes(seed));
        },
        after -> assertTrue(after.find(name, made[0].number()).isPresent(), name));
    newDefault(name, made[0].number());
  }

  private void newDefault(String name, int number) {
    facts.add(
        new Fact(
            "default " + name,
            mirror.count(),
            after -> assertEquals(number, after.defaultVersion(name).orElseThrow().number())));
  }

  private static byte[] read(LeasedDisk lease) throws Exception {
    try (lease) {
      return new Disk(lease.device()).read(0, SIZE);
    }
  }

  /** A first life of a store. */
  private void live(Path data) throws Exception {
    LocalImageStore store = LocalImageStore.open(data, new MirroredFiles(mirror));
    imported(store, "debian", 1);
    GoldenVersion first = store.find("debian", 1).orElseThrow();
    store.provideOverlay("web", id, first, SIZE);
    byte[] model = bytes(1);
    flushed(store, model, 4096, 9);
    snapshot(store, "monday", model);
    imported(store, "mint", 2);
    flushed(store, model, 150_000 / 512 * 512, 8);
    published(store, 2, model);
    snapshot(store, "tuesday", model);
    step(
        "default debian",
        "default debian",
        () -> store.setDefault(first),
        after -> assertEquals(first, after.defaultVersion("debian").orElseThrow()));
    step(
        "snapshot monday",
        "no monday",
        () -> store.removeSnapshot("web", "monday"),
        after ->
            assertTrue(
                after.snapshots("web").stream().noneMatch(kept -> kept.name().equals("monday"))));
    flushed(store, model, 8192, 7);
    byte[] old = Objects.requireNonNull(snapshots.get("tuesday")).clone();
    step(
        "flushed",
        "flushed",
        () -> store.restore("web", "tuesday", id, Progress.NONE),
        after -> assertArrayEquals(old, read(after.openOverlay("web", id))));
    end("default mint");
    step(
        "version mint2",
        "no mint2",
        () -> store.removeVersion(store.find("mint", 1).orElseThrow()),
        after -> assertTrue(after.find("mint", 1).isEmpty()));
    step(
        "flushed",
        "no disk",
        () -> store.removeOverlay("web"),
        after -> assertEquals(0, after.overlayBytes("web")));
    store.close();
  }

  private void flushed(LocalImageStore store, byte[] model, int at, int value) throws Exception {
    byte[] written = new byte[5120];
    Arrays.fill(written, (byte) value);
    System.arraycopy(written, 0, model, at, written.length);
    byte[] now = model.clone();
    step(
        "flushed",
        "flushed",
        () -> {
          try (LeasedDisk lease = store.openOverlay("web", id)) {
            new Disk(lease.device()).write(at, written);
            new Disk(lease.device()).flush();
          }
        },
        after -> assertArrayEquals(now, read(after.openOverlay("web", id))));
  }

  private void snapshot(LocalImageStore store, String name, byte[] model) throws Exception {
    snapshots.put(name, model.clone());
    step(
        "",
        "snapshot " + name,
        () -> store.snapshot("web", name, Progress.NONE),
        after ->
            assertTrue(
                after.snapshots("web").stream().anyMatch(kept -> kept.name().equals(name)), name));
  }

  private void published(LocalImageStore store, int number, byte[] model) throws Exception {
    byte[] now = model.clone();
    step(
        "default debian",
        "published",
        () -> shown.put(store.publish("debian", "web", null, Progress.NONE), now),
        after -> assertTrue(after.find("debian", number).isPresent()));
    newDefault("debian", number);
  }

  @Test
  void whatWasAcknowledgedIsThereAndWhatIsThereIsWhole() throws Exception {
    Path data = Files.createDirectory(folder.resolve("data")).toRealPath();
    CrashFiles begin = mirror.begin();
    live(data);
    Crashes crashes = new Crashes(begin, mirror);
    Random luck = new Random(17);
    int[] moments = luck.ints(CRASHES, 0, crashes.count() + 1).sorted().toArray();
    for (int moment : moments) {
      crashes.goTo(moment);
      boolean power = luck.nextInt(3) > 0;
      CrashFiles left = power ? crashes.powerLoss(luck) : crashes.kill(luck);
      Path there = Files.createDirectory(folder.resolve("crashed"));
      left.writeTo(data, there);
      try (LocalImageStore store = LocalImageStore.open(there, new Plain(left.boot()))) {
        judge(store, moment);
      } catch (Exception | AssertionError wrong) {
        throw new AssertionError(
            (power ? "power loss" : "kill") + " after operation " + moment, wrong);
      }
      delete(there);
    }
    System.out.printf(
        "long: the store after %d crashes at %d operations%n", CRASHES, crashes.count());
  }

  private void judge(LocalImageStore store, int moment) throws Exception {
    for (Fact fact : facts) {
      if (fact.from <= moment && moment < fact.until) {
        try {
          fact.check.on(store);
        } catch (Exception | AssertionError wrong) {
          throw new AssertionError(fact.name + ", which is so since " + fact.from, wrong);
        }
      }
    }
    for (GoldenVersion version : store.versions()) {
      store.verify(version, Progress.NONE);
      byte[] expected =
          shown.entrySet().stream()
              .filter(known -> known.getKey().toString().equals(version.toString()))
              .findFirst()
              .orElseThrow()
              .getValue();
      assertArrayEquals(expected, read(store.openReadOnly(version)), version.toString());
    }
    for (Snapshot kept : store.snapshots("web")) {
      GoldenVersion made = store.publish("shown", "web", kept.name(), Progress.NONE);
      assertArrayEquals(snapshots.get(kept.name()), read(store.openReadOnly(made)), kept.name());
    }
    try (Stream<Path> left = Files.walk(folder.resolve("crashed"))) {
      assertEquals(
          List.of(),
          left.map(path -> String.valueOf(path.getFileName()))
              .filter(name -> name.endsWith(".importing") || name.endsWith(".new"))
              .toList());
    }
  }

  private static void delete(Path tree) throws Exception {
    try (Stream<Path> all = Files.walk(tree)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
