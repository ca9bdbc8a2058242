// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.BlockIoException.Kind;
import dev.rootstock.images.block.IoCompletion;
import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.golden.LayerWriter;
import dev.rootstock.images.golden.MapCache;
import dev.rootstock.images.golden.Qcow2Image;
import dev.rootstock.images.testing.PassingDevice;
import dev.rootstock.images.testing.PatternImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that has too many reads already is waited for by the copy of its moment. */
class BusyCopyTest {
  private static final int SIZE = 5 * LayerWriter.CLUSTER;

  @TempDir Path folder;
  private final MemoryBlockDevice disk = new MemoryBlockDevice(SIZE);
  private final byte[] content = new byte[SIZE];

  @BeforeEach
  void fill() {
    new Random(4).nextBytes(content);
    disk.fill(0, content);
  }

  private Path file() {
    return folder.resolve("layer");
  }

  private LayerWriter layer() throws IOException {
    return new LayerWriter(HostFiles.open(file(), HostFiles.Mode.CREATE), SIZE, "1.raw");
  }

  private byte[] copied() throws IOException {
    PatternImage below = new PatternImage(SIZE);
    try (Qcow2Image image =
        Qcow2Image.open(file(), HostFiles::open, new MapCache(1 << 20), below)) {
      ByteBuffer bytes = ByteBuffer.allocateDirect(SIZE);
      image.read(0, bytes);
      byte[] array = new byte[SIZE];
      bytes.flip().get(array);
      return array;
    }
  }

  @Test
  void theCopierTriesAgain() throws Exception {
    try (LayerWriter layer = layer()) {
      Busy busy = new Busy(disk, 9);
      new MomentCopy(busy, disk, layer).run(Progress.NONE);
      layer.finish();
    }
    assertArrayEquals(content, copied());
  }

  @Test
  void aChangeWaitsForTheCopierToDoWhatItCouldNot() throws Exception {
    AtomicBoolean changed = new AtomicBoolean();
    try (LayerWriter layer = layer()) {
      MomentCopy copy = new MomentCopy(disk, new Busy(disk, Integer.MAX_VALUE), layer);
      copy.before(
          3 * LayerWriter.CLUSTER,
          2 * LayerWriter.CLUSTER,
          () -> {
            disk.fill(3 * LayerWriter.CLUSTER, new byte[512]);
            changed.set(true);
          });
      assertFalse(changed.get());
      copy.run(Progress.NONE);
      layer.finish();
    }
    assertTrue(changed.get());
    assertArrayEquals(content, copied());
  }

  @Test
  void patienceEndsWithTheReason() throws Exception {
    try (LayerWriter layer = layer()) {
      MomentCopy copy =
          new MomentCopy(new Busy(disk, Integer.MAX_VALUE), disk, layer, Duration.ofMillis(20));
      IOException refusal = assertThrows(IOException.class, () -> copy.run(Progress.NONE));
      assertTrue(String.valueOf(refusal.getMessage()).contains("less busy"), refusal.getMessage());
    }
  }

  /** Refuses so many reads. */
  private static final class Busy extends PassingDevice {
    private final AtomicInteger refusals;

    Busy(BlockDevice inner, int refusals) {
      super(inner);
      this.refusals = new AtomicInteger(refusals);
    }

    @Override
    public void read(long offset, ByteBuffer into, IoCompletion done) {
      if (refusals.getAndDecrement() > 0) {
        done.completed(new BlockIoException(Kind.BUSY, "too many reads are waiting"));
      } else {
        super.read(offset, into, done);
      }
    }
  }
}
