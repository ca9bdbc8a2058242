// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.Update;
import dev.rootstock.images.testing.Disk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reading, changing and writing as one step, whatever else is under way. */
class UpdateTest {
  private static final int CLUSTER = 131_072;
  private static final int SIZE = 6 * CLUSTER;

  @TempDir Path folder;
  private OverlayFixture fixture;
  private Disk disk;

  @BeforeEach
  void open() throws Exception {
    fixture = new OverlayFixture(folder, 17, SIZE, SIZE);
    disk = fixture.disk();
  }

  @AfterEach
  void close() throws Exception {
    fixture.close();
  }

  private CompletableFuture<@Nullable BlockIoException> begin(long at, int length, Update change) {
    ByteBuffer scratch = ByteBuffer.allocateDirect(length);
    return Disk.begin(done -> disk.device().update(at, scratch, change, Durability.CACHED, done));
  }

  @Test
  void overlappingUpdatesAllCount() throws Exception {
    disk.write(0, new byte[2 * CLUSTER]);
    List<CompletableFuture<@Nullable BlockIoException>> ends = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      // One block that all have in common, in ranges of several lengths across a cluster's edge.
      int before = i % 5 * 512;
      ends.add(
          begin(
              CLUSTER - before,
              before + 512 + i % 3 * 512,
              bytes -> {
                bytes.putLong(before, bytes.getLong(before) + 1);
                return true;
              }));
    }
    for (CompletableFuture<@Nullable BlockIoException> end : ends) {
      Disk.await(end);
    }
    assertEquals(500, ByteBuffer.wrap(disk.read(CLUSTER, 512)).getLong());
  }

  /** Both halves are equal before and after each operation, so no update may see them differ. */
  @Test
  void updateSeesWritesAndDiscardsWholly() throws Exception {
    disk.write(0, new byte[2 * CLUSTER]);
    List<CompletableFuture<@Nullable BlockIoException>> ends = new ArrayList<>();
    List<String> seen = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      byte[] halves = new byte[1024];
      Arrays.fill(halves, (byte) i);
      ends.add(disk.write(CLUSTER - 512, halves, Durability.CACHED));
      ends.add(
          begin(
              CLUSTER - 512,
              1024,
              bytes -> {
                if (bytes.get(0) != bytes.get(1023)) {
                  seen.add(bytes.get(0) + " beside " + bytes.get(1023));
                }
                bytes.put(0, (byte) 99).put(1023, (byte) 99);
                return true;
              }));
      ends.add(Disk.begin(done -> disk.device().discard(CLUSTER - 512, 1024, done)));
    }
    for (CompletableFuture<@Nullable BlockIoException> end : ends) {
      Disk.await(end);
    }
    assertEquals(List.of(), seen);
  }

  @Test
  void updateOfGoldenBytesGetsThemAndKeepsTheRest() throws Exception {
    disk.update(
        512,
        1024,
        bytes -> {
          byte[] found = new byte[1024];
          bytes.get(0, found);
          assertArrayEquals(Arrays.copyOfRange(fixture.goldenBytes, 512, 1536), found);
          bytes.put(1023, (byte) 1);
          return true;
        });
    fixture.model[1535] = 1;
    assertArrayEquals(fixture.model, disk.read(0, SIZE));
  }

  @Test
  void updateThatDeclinesAllocatesNothing() throws Exception {
    long before = disk.device().usage().allocatedBytes();
    disk.update(
        0,
        512,
        bytes -> {
          bytes.put(0, (byte) 1);
          return false;
        });
    assertEquals(before, disk.device().usage().allocatedBytes());
    assertArrayEquals(fixture.model, disk.read(0, SIZE));
  }

  @Test
  void allocationBeyondTheLimitHasNoSpaceAndWhatIsAllocatedStaysWritable() throws Exception {
    fixture.write(0, OverlayFixture.bytes(1, 4096));
    long allocated = disk.device().usage().allocatedBytes();
    assertTrue(allocated > 4096);
    fixture.limit = allocated + 100;
    assertEquals(allocated + 100, disk.device().usage().limitBytes());
    BlockIoException full =
        assertThrows(BlockIoException.class, () -> disk.write(4L * CLUSTER, new byte[512]));
    assertEquals(BlockIoException.Kind.NO_SPACE, full.kind());
    fixture.write(0, OverlayFixture.bytes(2, 4096));
    assertArrayEquals(fixture.model, disk.read(0, SIZE));
    fixture.limit = Long.MAX_VALUE;
    fixture.write(4L * CLUSTER, OverlayFixture.bytes(3, 512));
    assertArrayEquals(fixture.model, disk.read(0, SIZE));
    assertTrue(disk.device().usage().allocatedBytes() > allocated);
  }
}
