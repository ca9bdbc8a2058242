// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.testing.Disk;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class FencedDeviceTest {
  private static final byte[] BLOCK = new byte[512];

  /** Keeps every write until the test lets it go. */
  private static final class Slow implements BlockDevice {
    final MemoryBlockDevice inner = new MemoryBlockDevice(4096);
    final Queue<Runnable> waiting = new ArrayDeque<>();
    int closed;

    @Override
    public Geometry geometry() {
      return inner.geometry();
    }

    @Override
    public boolean tryRead(long offset, ByteBuffer into) {
      return inner.tryRead(offset, into);
    }

    @Override
    public void read(long offset, ByteBuffer into, IoCompletion done) {
      inner.read(offset, into, done);
    }

    @Override
    public void write(long offset, ByteBuffer[] data, Durability durability, IoCompletion done) {
      geometry().check(offset, data[0].remaining());
      waiting.add(() -> inner.write(offset, data, durability, done));
    }

    @Override
    public void update(
        long offset, ByteBuffer scratch, Update change, Durability durability, IoCompletion done) {
      waiting.add(() -> inner.update(offset, scratch, change, durability, done));
    }

    @Override
    public void flush(IoCompletion done) {
      inner.flush(done);
    }

    @Override
    public void discard(long offset, long length, IoCompletion done) {
      inner.discard(offset, length, done);
    }

    @Override
    public List<Extent> extents(long offset, long length) {
      return inner.extents(offset, length);
    }

    @Override
    public Usage usage() {
      return inner.usage();
    }

    @Override
    public void close() {
      closed++;
      inner.close();
    }
  }

  private final Slow slow = new Slow();
  private final FencedDevice device = new FencedDevice(slow);
  private final Disk disk = new Disk(device);

  @Test
  void everyOperationAfterAFenceFails() {
    device.fence();
    for (var operation :
        List.<Executable>of(
            () -> disk.read(0, 512),
            () -> disk.write(0, BLOCK),
            disk::flush,
            () -> disk.update(0, 512, bytes -> true),
            () -> disk.discard(0, 512))) {
      BlockIoException refusal = assertThrows(BlockIoException.class, operation);
      assertEquals(BlockIoException.Kind.FENCED, refusal.kind());
    }
    assertNull(disk.tryRead(0, 512));
    assertInstanceOf(Extent.Mutable.class, device.extents(0, 512).getFirst());
    assertTrue(slow.waiting.isEmpty());
  }

  @Test
  void fenceWaitsForWhatIsUnderWay() throws Exception {
    var first = disk.write(0, BLOCK, Durability.CACHED);
    var second = disk.write(512, BLOCK, Durability.CACHED);
    CompletableFuture<Void> fenced = device.fence().toCompletableFuture();
    assertFalse(fenced.isDone());
    slow.waiting.remove().run();
    assertFalse(fenced.isDone());
    assertTrue(first.isDone());
    slow.waiting.remove().run();
    fenced.get(10, TimeUnit.SECONDS);
    assertNull(second.get());
  }

  @Test
  void idleDeviceIsFencedAtOnceAndAgain() {
    assertTrue(device.fence().toCompletableFuture().isDone());
    assertTrue(device.fence().toCompletableFuture().isDone());
    assertTrue(device.ended());
  }

  /** The natural thing to do with a fence must not deadlock. */
  @Test
  void deviceMayBeClosedByWhoeverHearsOfTheFence() throws Exception {
    var written = disk.write(0, BLOCK, Durability.CACHED);
    CompletableFuture<Void> closed = device.fence().thenRun(device::close).toCompletableFuture();
    slow.waiting.remove().run();
    closed.get(10, TimeUnit.SECONDS);
    assertNull(written.get());
    assertEquals(1, slow.closed);
  }

  @Test
  void operationsAfterCloseAreToldSo() {
    device.close();
    device.close();
    assertEquals(1, slow.closed);
    BlockIoException refusal = assertThrows(BlockIoException.class, () -> disk.write(0, BLOCK));
    assertEquals(BlockIoException.Kind.CLOSED, refusal.kind());
  }

  @Test
  void rangeOutsideTheDiskIsTheCallersErrorAndLeavesNothingBehind() {
    assertThrows(IllegalArgumentException.class, () -> disk.write(4096, BLOCK, Durability.CACHED));
    assertThrows(IllegalArgumentException.class, () -> disk.tryRead(4096, 512));
    assertTrue(device.fence().toCompletableFuture().isDone());
  }

  @Test
  void operationsPassUntilThen() throws Exception {
    var written = disk.write(512, filled(), Durability.FORCED);
    slow.waiting.remove().run();
    assertNull(written.get());
    byte[] read = disk.tryRead(512, 512);
    assertNotNull(read);
    assertEquals(7, read[0]);
    assertEquals(7, disk.read(512, 512)[511]);
  }

  private static byte[] filled() {
    byte[] bytes = new byte[512];
    Arrays.fill(bytes, (byte) 7);
    return bytes;
  }
}
