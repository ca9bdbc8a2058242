// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench.micro;

import dev.rootstock.images.block.Extent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Where 4 KiB of a disk lie, at scattered places, all tables in memory: as {@code extents} tells
 * it, which looks the map up and does no I/O. What it makes for its answer, a small object or two,
 * is measured as well.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
public class MapSteps {
  private static final int BYTES = 4 << 10;

  private final MapDisk disk;
  private final List<Extent> found = new ArrayList<>();
  private int next;

  /** Called by JMH. */
  public MapSteps() {
    try {
      disk = MapDisk.make();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Benchmark
  public List<Extent> golden() {
    found.clear();
    disk.golden().extents(disk.inGolden(next++), BYTES, found);
    return found;
  }

  @Benchmark
  public List<Extent> written() {
    return disk.overlay().extents(disk.inOverlay(next++), BYTES);
  }

  /** Of an overlay that has nothing there, but has a table: both maps are asked. */
  @Benchmark
  public List<Extent> below() {
    return disk.overlay().extents(disk.inGolden(next++), BYTES);
  }

  /** Called by JMH. */
  @TearDown
  public void close() throws IOException {
    disk.close();
  }
}
