// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench.micro;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.golden.LayerWriter;
import dev.rootstock.images.golden.MapCache;
import dev.rootstock.images.golden.Qcow2Image;
import dev.rootstock.images.qcow2.OverlayFile;
import dev.rootstock.images.qcow2.TableCache;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * A golden qcow2 file and an overlay of it, each with clusters of its own all over the disk, side
 * by side, so that each table holds some of both. All tables are in memory.
 */
final class MapDisk {
  private static final long SIZE = 8L << 30;
  private static final int CLUSTERS = 256;
  private static final long STRIDE = SIZE / CLUSTERS;
  private static final int LOOK_UPS = 1024;

  private final Qcow2Image golden;
  private final BlockDevice overlay;
  private final IoThreads threads;
  private final long[] places = new Random(1).longs(LOOK_UPS, 0, CLUSTERS).toArray();

  private MapDisk(Qcow2Image golden, BlockDevice overlay, IoThreads threads) {
    this.golden = golden;
    this.overlay = overlay;
    this.threads = threads;
  }

  /** In a folder for temporary files, which whoever started this JVM removes. */
  static MapDisk make() throws IOException {
    Path parent =
        Path.of(System.getProperty(SingleSteps.FOLDER, System.getProperty("java.io.tmpdir")));
    Path folder = Files.createTempDirectory(parent, "maps");
    Path image = folder.resolve("golden.qcow2");
    writeGolden(image);
    Qcow2Image golden =
        Qcow2Image.open(image, HostFiles::open, new MapCache(Limits.IMPORT_MAP_BYTES), null);
    IoThreads threads = new IoThreads();
    Path file = folder.resolve("overlay.qcow2");
    OverlayFile.createFresh(file, HostFiles::open, UUID.randomUUID(), SIZE, "golden.qcow2");
    BlockDevice overlay =
        OverlayFile.open(file, HostFiles::open)
            .device(
                golden,
                threads,
                new TableCache(Limits.CACHED_MAP_SLICES),
                () -> Long.MAX_VALUE,
                () -> {});
    MapDisk disk = new MapDisk(golden, overlay, threads);
    disk.fill();
    return disk;
  }

  private static void writeGolden(Path image) throws IOException {
    ByteBuffer content = ByteBuffer.allocateDirect(LayerWriter.CLUSTER);
    try (var writer = new LayerWriter(HostFiles.open(image, HostFiles.Mode.CREATE), SIZE, null)) {
      for (int i = 0; i < CLUSTERS; i++) {
        writer.data(i * STRIDE / LayerWriter.CLUSTER, content.clear());
      }
      writer.finish();
    }
  }

  /** Writes the overlay's clusters, and reads the golden ones, which brings their tables in. */
  private void fill() throws IOException {
    for (int i = 0; i < CLUSTERS; i++) {
      golden.read(i * STRIDE, ByteBuffer.allocateDirect(512));
      var written = new CompletableFuture<Boolean>();
      overlay.write(
          i * STRIDE + LayerWriter.CLUSTER,
          new ByteBuffer[] {ByteBuffer.allocateDirect(LayerWriter.CLUSTER)},
          Durability.CACHED,
          failure -> written.complete(failure == null));
      if (!written.join()) {
        throw new IOException("the overlay cannot be written");
      }
    }
  }

  Qcow2Image golden() {
    return golden;
  }

  BlockDevice overlay() {
    return overlay;
  }

  /** A place that the golden file has and the overlay has not. */
  long inGolden(int lookUp) {
    return places[lookUp & (LOOK_UPS - 1)] * STRIDE;
  }

  /** A place that the overlay has. */
  long inOverlay(int lookUp) {
    return inGolden(lookUp) + LayerWriter.CLUSTER;
  }

  void close() throws IOException {
    overlay.close();
    threads.close();
    golden.close();
  }
}
