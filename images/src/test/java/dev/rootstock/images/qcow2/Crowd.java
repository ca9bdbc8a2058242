// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.PassingFile;
import dev.rootstock.images.testing.PatternImage;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What many overlays cost, measured by hand: run its main with an empty folder, the number of
 * overlays (10,000), how many are written at a time (256) and the MiB that each is written (15), as
 * scattered writes of 4 KiB. All stay open. With {@code -Xmx} and {@code -XX:MaxDirectMemorySize}
 * it shows that this is enough.
 *
 * <p>The tables are real; of the data only the place is taken, as a hole: 150 GB of them would
 * measure the disk.
 */
final class Crowd {
  private static final long SIZE = 8L << 30;
  private static final int BLOCK = 4096;
  private static final int AT_A_TIME = 32;

  private Crowd() {}

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    int count = Integer.parseInt(arguments[1]);
    int active = Integer.parseInt(arguments[2]);
    int writes = (int) (Long.parseLong(arguments[3]) * (1 << 20) / BLOCK);
    double[] micros = new double[count];
    for (int i = 0; i < count; i++) {
      long start = System.nanoTime();
      OverlayFile.create(path(folder, i), HostFiles::open, UUID.randomUUID(), SIZE, "golden.raw");
      micros[i] = (System.nanoTime() - start) / 1e3;
    }
    Arrays.sort(micros);
    System.out.printf(
        "create: median %.0f us, 99 %% %.0f us, most %.0f us%n",
        micros[count / 2], micros[count * 99 / 100], micros[count - 1]);
    TableCache cache = new TableCache(Limits.CACHED_MAP_SLICES);
    PatternImage golden = new PatternImage(SIZE);
    List<BlockDevice> devices = new ArrayList<>();
    try (IoThreads threads = new IoThreads()) {
      long start = System.nanoTime();
      for (int i = 0; i < count; i++) {
        devices.add(
            OverlayFile.open(path(folder, i), Crowd::open)
                .device(golden, threads, cache, () -> Long.MAX_VALUE, () -> {}));
      }
      System.out.printf("open: %.0f us each%n", (System.nanoTime() - start) / 1e3 / count);
      memory("all open");
      start = System.nanoTime();
      for (int first = 0; first < count; first += active) {
        write(devices.subList(first, Math.min(count, first + active)), writes);
      }
      long nanos = System.nanoTime() - start;
      System.out.printf("write: %.2f us for each 4 KiB%n", nanos / 1e3 / ((double) count * writes));
      memory("all written");
      devices.forEach(BlockDevice::close);
    }
    long bytes = 0;
    for (int i = 0; i < count; i++) {
      try (var file = HostFiles.open(path(folder, i), HostFiles.Mode.READ)) {
        bytes += file.allocated();
      }
      Files.delete(path(folder, i));
    }
    System.out.printf("on disk: %.2f MiB each%n", bytes / 1048576.0 / count);
  }

  private static HostFile open(Path path, HostFiles.Mode mode) throws IOException {
    return new Holes(HostFiles.open(path, mode));
  }

  /** Writes everything but blocks of data, and syncs nothing: that would measure the disk. */
  private static final class Holes extends PassingFile {
    Holes(HostFile file) {
      super(file);
    }

    @Override
    public void write(long offset, ByteBuffer... parts) throws IOException {
      if (parts.length == 1 && parts[0].remaining() == BLOCK) {
        if (inner.size() < offset + BLOCK) {
          inner.truncate(offset + BLOCK);
        }
      } else {
        inner.write(offset, parts);
      }
    }

    @Override
    public void sync() {}
  }

  private static Path path(Path folder, int number) {
    return folder.resolve("client" + number + ".qcow2");
  }

  /** Each device gets a write in turn, so that all of them are active at the same time. */
  private static void write(List<BlockDevice> devices, int writes) throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    ByteBuffer data = ByteBuffer.allocateDirect(BLOCK);
    List<CompletableFuture<@Nullable BlockIoException>> ends = new ArrayList<>();
    for (int i = 0; i < writes; i++) {
      for (BlockDevice device : devices) {
        long at = random.nextLong(SIZE / BLOCK) * BLOCK;
        ByteBuffer[] part = {data.duplicate()};
        ends.add(Disk.begin(done -> device.write(at, part, Durability.CACHED, done)));
        if (ends.size() == AT_A_TIME * 8) {
          for (CompletableFuture<@Nullable BlockIoException> end : ends) {
            Disk.await(end);
          }
          ends.clear();
        }
      }
    }
    for (CompletableFuture<@Nullable BlockIoException> end : ends) {
      Disk.await(end);
    }
  }

  private static void memory(String when) {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    long buffers = 0;
    for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
      buffers += pool.getMemoryUsed();
    }
    System.out.printf(
        "%s: %.0f MiB of heap after collection, %.0f MiB direct and mapped%n",
        when, heap / 1048576.0, buffers / 1048576.0);
  }
}
