// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rootstock.images.testing.Disk;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemoryBlockDeviceTest {
  private final Disk disk = new Disk(new MemoryBlockDevice(4096));

  @Test
  void updatesOfManyThreadsAllCount() throws Exception {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int j = 0; j < 1_000; j++) {
                      ByteBuffer scratch = ByteBuffer.allocateDirect(512);
                      disk.device()
                          .update(
                              512,
                              scratch,
                              bytes -> {
                                bytes.putLong(0, bytes.getLong(0) + 1);
                                return true;
                              },
                              Durability.CACHED,
                              failure -> {});
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(4_000, ByteBuffer.wrap(disk.read(512, 512)).getLong());
  }

  @Test
  void updateThatDeclinesChangesNothing() throws Exception {
    byte[] old = disk.read(0, 4096);
    disk.update(
        0,
        512,
        bytes -> {
          bytes.putLong(0, 7);
          return false;
        });
    assertArrayEquals(old, disk.read(0, 4096));
  }

  @Test
  void readOnlyDeviceRefusesUpdates() {
    Disk fixed = new Disk(new MemoryBlockDevice(new Geometry(4096, 512, 4096, true)));
    BlockIoException refusal =
        assertThrows(BlockIoException.class, () -> fixed.update(0, 512, bytes -> true));
    assertEquals(BlockIoException.Kind.READ_ONLY, refusal.kind());
  }

  @Test
  void allOfItIsAllocated() {
    assertEquals(new Usage(4096, Long.MAX_VALUE), disk.device().usage());
  }
}
