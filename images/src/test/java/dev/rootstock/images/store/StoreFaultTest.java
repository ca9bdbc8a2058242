// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.rootstock.images.store.StoreException.Kind;
import dev.rootstock.images.store.StoreOperations.Operation;
import dev.rootstock.images.testing.FaultyFiles;
import dev.rootstock.images.testing.TestFiles.Fault;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
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
  private static final String PACKAGE = "dev.rootstock.images";

  @TempDir Path folder;
  private final FaultyFiles files = new FaultyFiles();
  private StoreOperations operations;
  private LocalImageStore store;
  private static int tried;
  private static int failures;

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

  @BeforeEach
  void open() throws Exception {
    operations = new StoreOperations(folder, files);
    store = operations.store();
  }

  @AfterEach
  void close() {
    files.end();
    store.close();
    assertEquals(List.of(), files.open(), "files are open");
  }

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
    for (String client : List.of("web", "busy", "other", "spare", "fresh")) {
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
        "removal of a snapshot",
        "restore",
        "rebase",
        "first disk",
        "first disk, not durable",
        "reset",
        "data disk",
        "removal of a disk",
        "removal of a data disk",
        "export raw",
        "export qcow2",
        "export gz",
        "export of a client",
        "export of a running client",
        "export of a data disk"
      })
  void anyIoMayFailAndNothingIsLostOrLeft(String name) throws Exception {
    Operation operation = operations.named(name);
    int failed = 0;
    for (Fault fault : Fault.values()) {
      files.count(fault);
      operation.work().run();
      int count = files.end();
      operation.judge().run();
      operation.undo().run();
      for (int nth : chosen(name, fault, count)) {
        failed += attempt(name, operation, nth, fault) ? 1 : 0;
      }
    }
    assertTrue(failed > 0, "nothing has failed");
    operation.work().run();
    operation.judge().run();
    reopen();
    failures += failed;
  }

  /** It is no longer known when its files go, so nothing is taken back: the rest goes later. */
  @Test
  void whatIsLeftOfAForgottenClientCountsAndGoesTheNextTime() throws Exception {
    int failed = 0;
    for (Fault fault : Fault.values()) {
      operations.makeForgotten();
      files.count(fault);
      store.forget(StoreOperations.FORGOTTEN);
      int count = files.end();
      for (int nth = 0; nth < count; nth++) {
        State without = state(true);
        operations.makeForgotten();
        files.fail(nth, fault);
        String when = "%s at %d".formatted(fault, nth);
        try {
          store.forget(StoreOperations.FORGOTTEN);
        } catch (StoreException failure) {
          failed++;
          when += ": after " + files.struck() + ": " + failure;
          assertEquals(kindOf(fault), failure.kind(), when);
        } finally {
          files.end();
        }
        assertEquals(
            operations.bytesOfForgotten(), store.clientBytes(StoreOperations.FORGOTTEN), when);
        store.forget(StoreOperations.FORGOTTEN);
        without.requireSame(state(true), when);
        operations.requireContent(nth);
      }
    }
    assertTrue(failed > 0, "nothing has failed");
  }

  /** What the next start would find is not touched by one that the disk does not let through. */
  @Test
  void aStoreThatCannotBeOpenedSaysSoAndIsWhatItWas() throws Exception {
    operations.endClients();
    store.close();
    files.count(Fault.IO_ERROR);
    openNext();
    int count = files.end();
    List<GoldenVersion> versions = store.versions();
    long bytes = store.usage().allocatedBytes();
    int refused = 0;
    for (int nth = 0; nth < count; nth++) {
      store.close();
      files.fail(nth, Fault.IO_ERROR);
      String when = "at " + nth;
      try {
        openNext();
      } catch (StoreException failure) {
        refused++;
        assertEquals(Kind.IO, failure.kind(), failure.getMessage());
        assertEquals(List.of(), files.open(), when + ": after " + files.struck());
        files.end();
        openNext();
      }
      files.end();
      assertEquals(versions, store.versions(), when);
      assertEquals(bytes, store.usage().allocatedBytes(), when + ": " + files.struck());
      operations.requireWeb();
    }
    assertTrue(refused > 0, "nothing was refused");
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
      operation.work().run();
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
        operation.judge().run();
        operation.undo().run();
        return false;
      }
      assertNotNull(what, when);
      String message = String.valueOf(failure.getMessage());
      boolean unclosed = message.contains("did not close well; the log says why");
      assertEquals(unclosed ? Kind.IO : kindOf(fault), failure.kind(), when);
      assertFalse(message.isBlank() || message.contains("\n") || message.contains("null"), when);
      boolean deleted = what.startsWith("delete");
      (deleted ? visible : before).requireSame(state(!deleted), when);
      operations.requireContent(nth);
      operation.work().run();
      operation.judge().run();
      operation.undo().run();
      return true;
    } catch (Exception | AssertionError wrong) {
      throw new AssertionError(when, wrong);
    }
  }

  private static Kind kindOf(Fault fault) {
    return switch (fault) {
      case NO_SPACE, HALF_THEN_NO_SPACE -> Kind.NO_SPACE;
      default -> Kind.IO;
    };
  }

  private void openNext() throws StoreException {
    store = operations.openNext();
  }

  /** What a restart finds is what there was, counted anew. */
  private void reopen() throws Exception {
    operations.endClients();
    List<GoldenVersion> versions = store.versions();
    long bytes = store.usage().allocatedBytes();
    store.close();
    openNext();
    assertEquals(versions, store.versions());
    assertEquals(bytes, store.usage().allocatedBytes());
    for (GoldenVersion version : versions) {
      store.verify(version, Progress.NONE);
    }
    operations.requireWeb();
    List<String> leftovers =
        filesOutsideTheTrash(folder).keySet().stream()
            .filter(file -> Path.of(file).getFileName().toString().startsWith("."))
            .toList();
    assertEquals(List.of(), leftovers);
    assertNotEquals(0, versions.size());
  }
}
