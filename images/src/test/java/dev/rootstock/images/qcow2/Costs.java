// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.FencedDevice;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.raw.RawDevice;
import dev.rootstock.images.raw.RawImage;
import dev.rootstock.images.testing.Disk;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What the operations of a disk cost, measured by hand: run its main with an empty folder as its
 * argument. Each figure is the best of several runs. CPU is that of the whole process.
 */
final class Costs {
  private static final int SIZE = 256 << 20;
  private static final int BLOCK = 4096;
  private static final int RUNS = 7;
  private static final int DEPTH = 32;

  private interface Work {
    void once(long offset, ByteBuffer buffer) throws IOException;
  }

  private final SplittableRandom random = new SplittableRandom(1);
  private final ThreadMXBean memory = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final OperatingSystemMXBean system =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private Costs() {}

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    Costs costs = new Costs();
    try (OverlayFixture fixture =
        new OverlayFixture(folder, 17, SIZE, SIZE, 4096, HostFiles::open)) {
      costs.reads("golden", fixture);
      Disk disk = fixture.disk();
      costs.reads("overlay, golden below", disk);
      costs.measure("allocating 4 KiB write, alone", 100, (at, buffer) -> write(disk, at, buffer));
      costs.deep("allocating", disk, 4_000);
      for (long at = 0; at < SIZE; at += 1 << 20) {
        disk.write(at, new byte[1 << 20]);
      }
      costs.reads("overlay, written", disk);
      costs.measure(
          "rewriting 4 KiB write, alone", 20_000, (at, buffer) -> write(disk, at, buffer));
      costs.deep("rewriting", disk, 20_000);
      costs.measure(
          "flush of one write",
          100,
          (at, buffer) -> {
            write(disk, at, buffer);
            disk.flush();
          });
    }
  }

  private void reads(String what, OverlayFixture fixture) throws IOException {
    try (IoThreads threads = new IoThreads();
        RawImage image = RawImage.open(fixture.golden, HostFiles::open);
        RawDevice device = new RawDevice(image, threads, () -> {})) {
      reads(what, new Disk(new FencedDevice(device)));
    }
  }

  private void reads(String what, Disk disk) throws IOException {
    for (int at = 0; at < SIZE; at += 1 << 20) {
      disk.read(at, 1 << 20);
    }
    measure(
        "tryRead 4 KiB, " + what,
        200_000,
        (at, buffer) -> {
          if (!disk.device().tryRead(at, buffer)) {
            Disk.await(done -> disk.device().read(at, buffer, done)); // evicted meanwhile
          }
        });
    measure(
        "read 4 KiB through the pool, " + what,
        20_000,
        (at, buffer) -> Disk.await(done -> disk.device().read(at, buffer, done)));
  }

  /** Writes with many under way; each run where nothing was, if it is for allocating. */
  private void deep(String what, Disk disk, int count) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(BLOCK);
    Semaphore room = new Semaphore(DEPTH);
    AtomicInteger failed = new AtomicInteger();
    double[] nanos = new double[RUNS];
    double[] processor = new double[RUNS];
    for (int run = 0; run < RUNS; run++) {
      long used = system.getProcessCpuTime();
      long start = System.nanoTime();
      for (int i = 0; i < count; i++) {
        room.acquireUninterruptibly();
        long at = (random.nextLong(SIZE / BLOCK / RUNS) * RUNS + run) * BLOCK;
        ByteBuffer[] data = {buffer.duplicate()};
        disk.device()
            .write(
                at,
                data,
                Durability.CACHED,
                failure -> {
                  if (failure != null) {
                    failed.incrementAndGet();
                  }
                  room.release();
                });
      }
      room.acquireUninterruptibly(DEPTH);
      room.release(DEPTH);
      nanos[run] = (double) (System.nanoTime() - start) / count;
      processor[run] = (double) (system.getProcessCpuTime() - used) / count;
    }
    Arrays.sort(nanos);
    Arrays.sort(processor);
    System.out.printf(
        "%-48s %8.2f us (median %8.2f), %7.2f us of CPU, %d failed%n",
        what + " 4 KiB writes, " + DEPTH + " at a time",
        nanos[0] / 1000,
        nanos[RUNS / 2] / 1000,
        processor[0] / 1000,
        failed.get());
  }

  private static void write(Disk disk, long at, ByteBuffer buffer) throws IOException {
    ByteBuffer[] data = {buffer};
    Disk.await(done -> disk.device().write(at, data, Durability.CACHED, done));
  }

  private void measure(String what, int count, Work work) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(BLOCK);
    double[] nanos = new double[RUNS];
    double[] processor = new double[RUNS];
    double bytes = 0;
    for (int run = 0; run < RUNS; run++) {
      long allocated = memory.getCurrentThreadAllocatedBytes();
      long used = system.getProcessCpuTime();
      long start = System.nanoTime();
      for (int i = 0; i < count; i++) {
        work.once(random.nextLong(SIZE / BLOCK) * BLOCK, buffer.clear());
      }
      nanos[run] = (double) (System.nanoTime() - start) / count;
      processor[run] = (double) (system.getProcessCpuTime() - used) / count;
      bytes = (double) (memory.getCurrentThreadAllocatedBytes() - allocated) / count;
    }
    Arrays.sort(nanos);
    Arrays.sort(processor);
    System.out.printf(
        "%-48s %8.2f us (median %8.2f), %7.2f us of CPU, %.1f bytes of heap%n",
        what, nanos[0] / 1000, nanos[RUNS / 2] / 1000, processor[0] / 1000, bytes);
  }
}
