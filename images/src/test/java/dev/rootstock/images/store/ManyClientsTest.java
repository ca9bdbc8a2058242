// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.testing.Disk;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Disks of many clients, made and made anew one after the other: 10,000 with {@code
 * -Drootstock.long=true}. What each costs is printed.
 */
class ManyClientsTest {
  private static final int CLIENTS = Boolean.getBoolean("rootstock.long") ? 10_000 : 200;
  private static final long SIZE = 40L << 30;

  @TempDir Path folder;
  private LocalImageStore store;
  private GoldenVersion golden;

  @BeforeEach
  void open() throws Exception {
    store = LocalImageStore.open(folder.resolve("data"));
    golden = store.createBlank("debian", 1 << 20, Progress.NONE);
  }

  @AfterEach
  void close() {
    store.close();
  }

  private interface Step {
    void run(String client, OverlayId id) throws Exception;
  }

  private List<OverlayId> each(String what, List<OverlayId> ids, Step step) throws Exception {
    double[] micros = new double[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
      long start = System.nanoTime();
      step.run("c" + i, ids.get(i));
      micros[i] = (System.nanoTime() - start) / 1e3;
    }
    Arrays.sort(micros);
    System.out.printf(
        "long: %d clients, %s: median %.0f us, 99 %% below %.0f us, most %.0f us, mean %.0f us%n",
        CLIENTS,
        what,
        micros[CLIENTS / 2],
        micros[CLIENTS * 99 / 100],
        micros[CLIENTS - 1],
        Arrays.stream(micros).average().orElse(0));
    return ids;
  }

  private static List<OverlayId> ids() {
    List<OverlayId> ids = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      ids.add(OverlayId.random());
    }
    return ids;
  }

  @Test
  void everyClientHasTheDiskThatWasMadeLast() throws Exception {
    each("a disk made", ids(), (client, id) -> store.provideOverlay(client, id, golden, SIZE));
    List<OverlayId> last =
        each(
            "a disk made anew",
            ids(),
            (client, id) -> store.provideOverlay(client, id, golden, SIZE));
    assertEquals(CLIENTS, store.clients().size());
    for (int i = 0; i < CLIENTS; i += CLIENTS / 50) {
      try (LeasedDisk disk = store.openOverlay("c" + i, last.get(i))) {
        assertEquals(SIZE, disk.device().geometry().sizeBytes());
        assertArrayEquals(new byte[512], new Disk(disk.device()).read(0, 512));
      }
    }
    each("a disk opened, written, flushed and closed", last, this::use);
    each("a disk removed", last, (client, id) -> store.removeOverlay(client));
    assertTrue(store.clients().isEmpty());
    assertFalse(Files.exists(folder.resolve("data/clients/c0.qcow2")));
  }

  private void use(String client, OverlayId id) throws Exception {
    try (LeasedDisk lease =
        store.openOverlay(client, id, () -> Long.MAX_VALUE, BeforeFlushed.KNOWN)) {
      Disk disk = new Disk(lease.device());
      disk.write(4096, new byte[4096]);
      disk.flush();
    }
  }
}
