// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.PassingFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A block that is being overwritten in place is read before or after, never in between. */
@Timeout(60)
class TornBlockTest {
  private static final int CLUSTER = 131_072;
  private static final byte[] OLD = filled(1);
  private static final byte[] NEW = filled(2);

  @TempDir Path folder;

  /** Stops a write when half of it is done. */
  private final AtomicReference<@Nullable CountDownLatch> halfDone = new AtomicReference<>();

  private final CountDownLatch goOn = new CountDownLatch(1);

  /** Runs when a read that must not wait has begun, and has not read anything yet. */
  private final AtomicReference<@Nullable Runnable> beforeRead = new AtomicReference<>();

  private OverlayFixture fixture;
  private Disk disk;

  @BeforeEach
  void writeOld() throws Exception {
    fixture = new OverlayFixture(folder, 17, 2 * CLUSTER, 2 * CLUSTER, 4, this::open);
    disk = fixture.disk();
    disk.write(0, OLD);
    disk.read(0, 512);
    assertArrayEquals(OLD, disk.tryRead(0, 512));
  }

  @AfterEach
  void close() throws Exception {
    fixture.close();
  }

  private static byte[] filled(int value) {
    byte[] bytes = new byte[512];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  @Test
  void readersWaitForAWriteThatIsHalfDone() throws Exception {
    CountDownLatch half = new CountDownLatch(1);
    halfDone.set(half);
    var written = disk.write(0, NEW, Durability.CACHED);
    half.await();

    assertNull(disk.tryRead(0, 512));
    ByteBuffer into = ByteBuffer.allocateDirect(512);
    CompletableFuture<@Nullable BlockIoException> read =
        Disk.begin(done -> disk.device().read(0, into, done));
    assertNotNull(disk.read(CLUSTER, 512), "another cluster is not in the way");
    assertFalse(read.isDone());

    goOn.countDown();
    Disk.await(written);
    Disk.await(read);
    byte[] found = new byte[512];
    into.flip().get(found);
    assertArrayEquals(NEW, found);
  }

  @Test
  void readThatAWriteOvertookIsNotBelieved() throws Exception {
    beforeRead.set(
        () -> {
          try {
            disk.write(0, NEW);
          } catch (BlockIoException impossible) {
            throw new AssertionError(impossible);
          }
        });
    assertNull(disk.tryRead(0, 512));
    assertArrayEquals(NEW, disk.tryRead(0, 512));
  }

  private HostFile open(Path path, HostFiles.Mode mode) throws IOException {
    return new PassingFile(HostFiles.open(path, mode)) {
      @Override
      public boolean tryRead(long offset, ByteBuffer into) {
        Runnable first = beforeRead.getAndSet(null);
        if (first != null) {
          first.run();
        }
        return inner.tryRead(offset, into);
      }

      @Override
      public void write(long offset, ByteBuffer... parts) throws IOException {
        CountDownLatch half = path.equals(fixture.overlay) ? halfDone.getAndSet(null) : null;
        if (half == null) {
          inner.write(offset, parts);
          return;
        }
        ByteBuffer whole = parts[0];
        inner.write(offset, whole.slice(0, 256));
        half.countDown();
        try {
          if (!goOn.await(30, TimeUnit.SECONDS)) {
            throw new IOException("the test forgot the write");
          }
        } catch (InterruptedException interrupted) {
          throw new IOException(interrupted);
        }
        inner.write(offset + 256, whole.slice(256, 256));
      }
    };
  }
}
