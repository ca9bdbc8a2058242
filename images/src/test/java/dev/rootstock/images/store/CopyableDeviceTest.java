// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.IoCompletion;
import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.golden.LayerWriter;
import dev.rootstock.images.golden.MapCache;
import dev.rootstock.images.golden.Qcow2Image;
import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.PassingDevice;
import dev.rootstock.images.testing.PatternImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When the moment comes that a copy of a disk in use shows. */
class CopyableDeviceTest {
  private static final int SIZE = 4 * LayerWriter.CLUSTER;
  private static final byte[] OLD = filled(1);
  private static final byte[] NEW = filled(2);
  private static final byte[] NEWER = filled(3);

  @TempDir Path folder;
  private final MemoryBlockDevice disk = new MemoryBlockDevice(SIZE);
  private final Slow slow = new Slow(disk);
  private final CopyableDevice client = new CopyableDevice(slow);

  private static byte[] filled(int value) {
    byte[] bytes = new byte[SIZE];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  /** Writes wait until the test lets the next one go on. */
  private static final class Slow extends PassingDevice {
    private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();

    Slow(BlockDevice inner) {
      super(inner);
    }

    @Override
    public void write(long offset, ByteBuffer[] data, Durability durability, IoCompletion done) {
      waiting.add(() -> super.write(offset, data, durability, done));
    }

    int waiting() {
      return waiting.size();
    }

    void letOneGoOn() {
      waiting.remove().run();
    }
  }

  private static CompletableFuture<@Nullable BlockIoException> write(BlockDevice to, byte[] all) {
    return new Disk(to).write(0, all, Durability.CACHED);
  }

  private LayerWriter layer() throws IOException {
    return new LayerWriter(
        HostFiles.open(folder.resolve("layer"), HostFiles.Mode.CREATE), SIZE, "1.raw");
  }

  private byte[] shown() throws IOException {
    try (Qcow2Image image =
        Qcow2Image.open(
            folder.resolve("layer"),
            HostFiles::open,
            new MapCache(1 << 20),
            new PatternImage(SIZE))) {
      ByteBuffer bytes = ByteBuffer.allocateDirect(SIZE);
      image.read(0, bytes);
      byte[] array = new byte[SIZE];
      bytes.flip().get(array);
      return array;
    }
  }

  /** A copy of one that is under way would hold it by a part: it may be of many clusters. */
  @Test
  void aCopyBeginsWhenTheChangesUnderWayHaveEnded() throws Exception {
    disk.fill(0, OLD);
    CompletableFuture<@Nullable BlockIoException> underWay = write(client, NEW);
    try (LayerWriter layer = layer()) {
      MomentCopy copy = new MomentCopy(client, disk, layer);
      CompletableFuture<Boolean> begun = begin(client, copy);
      while (!client.isCopied()) {
        Thread.onSpinWait();
      }
      CompletableFuture<@Nullable BlockIoException> later = write(client, NEWER);
      assertFalse(begun.isDone());
      assertEquals(1, slow.waiting(), "the later one waits for the moment");
      slow.letOneGoOn();
      Disk.await(underWay);
      assertTrue(begun.get(60, TimeUnit.SECONDS));
      copy.run((done, total) -> {});
      slow.letOneGoOn();
      Disk.await(later);
      client.copied();
      layer.finish();
    }
    assertArrayEquals(NEW, shown());
    assertArrayEquals(NEWER, new Disk(client).read(0, SIZE));
  }

  @Test
  void aChangeThatNeverEndsKeepsNobodyForLong() throws Exception {
    CopyableDevice impatient = new CopyableDevice(slow, Duration.ofMillis(20));
    CompletableFuture<@Nullable BlockIoException> underWay = write(impatient, NEW);
    try (LayerWriter layer = layer()) {
      MomentCopy copy = new MomentCopy(impatient, disk, layer);
      IOException refusal = assertThrows(IOException.class, () -> impatient.copyFirst(copy));
      assertTrue(String.valueOf(refusal.getMessage()).contains("less busy"), refusal.getMessage());
    }
    assertFalse(impatient.isCopied());
    CompletableFuture<@Nullable BlockIoException> later = write(impatient, NEWER);
    slow.letOneGoOn();
    slow.letOneGoOn();
    Disk.await(underWay);
    Disk.await(later);
    assertArrayEquals(NEWER, new Disk(impatient).read(0, SIZE));
  }

  /** What the disk refuses by an exception was never under way. */
  @Test
  void aChangeBeyondTheDiskDelaysNoCopy() throws Exception {
    CopyableDevice plain = new CopyableDevice(disk, Duration.ofMillis(20));
    assertThrows(RuntimeException.class, () -> write(plain, new byte[SIZE + 512]));
    try (LayerWriter layer = layer()) {
      assertTrue(plain.copyFirst(new MomentCopy(plain, disk, layer)));
    }
  }

  private static CompletableFuture<Boolean> begin(CopyableDevice device, MomentCopy copy) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return device.copyFirst(copy);
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
  }
}
