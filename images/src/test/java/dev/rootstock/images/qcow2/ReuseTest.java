// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.testing.Disk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clusters change hands all the time, and no reader ever sees another's bytes. */
@Timeout(60)
class ReuseTest {
  private static final int CLUSTER = 1 << 14;
  private static final int CLUSTERS = 40;
  private static final int BLOCK = 512;

  @TempDir Path folder;

  @Test
  void readersNeverSeeWhatBelongsToAnotherCluster() throws Exception {
    int size = CLUSTERS * CLUSTER;
    AtomicBoolean ended = new AtomicBoolean();
    AtomicReference<@Nullable Throwable> wrong = new AtomicReference<>();
    try (OverlayFixture fixture = new OverlayFixture(folder, 14, BLOCK, size)) {
      Disk disk = fixture.disk();
      Thread[] readers = new Thread[3];
      for (int i = 0; i < readers.length; i++) {
        long seed = i;
        readers[i] = Thread.ofPlatform().start(() -> read(disk, new Random(seed), ended, wrong));
      }
      Random random = new Random(9);
      for (int i = 0; i < 3_000 && wrong.get() == null; i++) {
        int block = 1 + random.nextInt(size / BLOCK - 65);
        int count = 1 + random.nextInt(64);
        if (random.nextInt(3) == 0) {
          disk.discard((long) block * BLOCK, (long) count * BLOCK);
        } else {
          disk.write((long) block * BLOCK, own(block, count));
        }
        if (i % 20 == 0) {
          disk.flush();
        }
      }
      ended.set(true);
      for (Thread reader : readers) {
        reader.join();
      }
      assertEquals(null, wrong.get());
    }
  }

  /** Every eight bytes of a block hold its number. */
  private static byte[] own(int block, int count) {
    ByteBuffer bytes = ByteBuffer.allocate(count * BLOCK);
    while (bytes.hasRemaining()) {
      bytes.putLong(block + (long) (bytes.position() / BLOCK));
    }
    return bytes.array();
  }

  private static void read(
      Disk disk, Random random, AtomicBoolean ended, AtomicReference<@Nullable Throwable> wrong) {
    try {
      while (!ended.get()) {
        int block = 1 + random.nextInt(CLUSTERS * CLUSTER / BLOCK - 33);
        int count = 1 + random.nextInt(32);
        byte[] found = disk.tryRead((long) block * BLOCK, count * BLOCK);
        if (found == null) {
          found = disk.read((long) block * BLOCK, count * BLOCK);
        }
        ByteBuffer bytes = ByteBuffer.wrap(found);
        while (bytes.hasRemaining()) {
          long owner = block + (long) (bytes.position() / BLOCK);
          long value = bytes.getLong();
          if (value != 0 && value != owner) {
            throw new AssertionError("block " + owner + " shows what is of block " + value);
          }
        }
      }
    } catch (BlockIoException | RuntimeException | AssertionError failure) {
      wrong.compareAndSet(null, failure);
    }
  }
}
