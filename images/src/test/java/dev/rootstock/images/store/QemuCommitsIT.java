// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.Qemu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Committing and rebasing one of our overlays with QEMU gives what we make of it. */
class QemuCommitsIT {
  private static final int SIZE = 9 << 20;
  private static final int BLOCK = 512;

  @TempDir Path folder;
  private Path data;
  private LocalImageStore store;
  private GoldenVersion first;
  private final OverlayId id = OverlayId.random();

  @BeforeEach
  void aDiskOnItsImage() throws Exception {
    data = folder.resolve("data");
    store = LocalImageStore.open(data);
    first = imported(1);
    store.createOverlay("node1", id, first, SIZE);
  }

  @AfterEach
  void close() {
    store.close();
  }

  private GoldenVersion imported(int seed) throws Exception {
    byte[] content = new byte[SIZE];
    new Random(seed).nextBytes(content);
    Arrays.fill(content, 2 << 20, 4 << 20, (byte) 0); // a hole, where both have one
    Path raw = Files.write(folder.resolve("golden.raw"), content);
    return store.importImage(raw, "debian", null, Progress.NONE);
  }

  /** Writes and discards of all alignments; what the disk shows then. */
  private byte[] used(int seed) throws Exception {
    try (LeasedDisk lease = store.openOverlay("node1", id)) {
      Disk disk = new Disk(lease.device());
      Random random = new Random(seed);
      for (int i = 0; i < 120; i++) {
        int blocks = 1 + random.nextInt(random.nextInt(4) == 0 ? 600 : 20);
        long at = (long) BLOCK * random.nextInt(SIZE / BLOCK - blocks);
        if (random.nextInt(4) == 0) {
          disk.discard(at, (long) BLOCK * blocks);
        } else {
          byte[] bytes = new byte[BLOCK * blocks];
          if (random.nextInt(5) != 0) {
            random.nextBytes(bytes);
          }
          disk.write(at, bytes);
        }
      }
      disk.flush();
      return disk.read(0, SIZE);
    }
  }

  /** The store's files where QEMU may write all of them. */
  private Path copied() throws IOException {
    Path copy = folder.resolve("copy");
    for (String inside : new String[] {"clients", "images/debian"}) {
      Files.createDirectories(copy.resolve(inside));
      try (Stream<Path> files = Files.list(data.resolve(inside))) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          Path made = Files.copy(file, copy.resolve(inside).resolve(file.getFileName()));
          Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rw-------"));
        }
      }
    }
    return copy;
  }

  private static void img(String... arguments) throws Exception {
    Qemu.Result result = Qemu.img(arguments);
    assertEquals(0, result.exit(), result.output());
  }

  private byte[] exported(GoldenVersion version) throws Exception {
    Path raw = folder.resolve("exported.raw");
    store.export(version, raw, SourceFormat.RAW, Progress.NONE);
    return Files.readAllBytes(raw);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void whatQemuCommitsIsWhatWePublish(int seed) throws Exception {
    byte[] shown = used(seed);
    Path copy = copied();
    img("commit", "-f", "qcow2", copy.resolve("clients/node1.qcow2").toString());
    byte[] committed = Files.readAllBytes(copy.resolve("images/debian/1.raw"));
    assertArrayEquals(shown, committed);
    GoldenVersion published = store.publish("debian", "node1", null, Progress.NONE);
    assertArrayEquals(committed, exported(published));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void whatQemuRebasesIsWhatWeRebase(int seed) throws Exception {
    byte[] shown = used(seed);
    GoldenVersion second = imported(99);
    Path overlay = copied().resolve("clients/node1.qcow2");
    img("rebase", "-f", "qcow2", "-F", "raw", "-b", "../images/debian/2.raw", overlay.toString());
    Qemu.checkClean(overlay);
    store.rebase("node1", second, id, Progress.NONE);
    Path ours = data.resolve("clients/node1.qcow2");
    Qemu.checkClean(ours);
    Path raw = Files.write(folder.resolve("shown.raw"), shown);
    Qemu.compare(ours, raw);
    Qemu.compare(overlay, raw);
  }

  /** QEMU keeps the extension of the header that holds our identity. */
  @Test
  void weGoOnWithWhatQemuHasRebased() throws Exception {
    byte[] shown = used(7);
    imported(99);
    store.close();
    Path overlay = data.resolve("clients/node1.qcow2");
    img("rebase", "-f", "qcow2", "-F", "raw", "-b", "../images/debian/2.raw", overlay.toString());
    store = LocalImageStore.open(data);
    try (LeasedDisk lease = store.openOverlay("node1", id)) {
      assertArrayEquals(shown, new Disk(lease.device()).read(0, SIZE));
    }
    store.verify(first, Progress.NONE);
  }
}
