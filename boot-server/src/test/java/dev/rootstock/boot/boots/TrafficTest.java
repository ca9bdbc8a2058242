// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.Loan;
import dev.rootstock.images.block.MemoryBlockDevice;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TrafficTest {
  private static final Loan LOAN =
      new Loan() {
        @Override
        public ByteBuffer bytes() {
          return ByteBuffer.allocateDirect(4096);
        }

        @Override
        public void giveBack() {}
      };

  private final List<String> told = new ArrayList<>();
  private final Traffic traffic =
      new Traffic(3, () -> told.add("first read"), () -> told.add("first write"));

  private BlockDevice disk() {
    return new CountedDevice(new MemoryBlockDevice(1 << 20), traffic);
  }

  private static void write(BlockDevice disk, int... lengths) throws Exception {
    ByteBuffer[] data = new ByteBuffer[lengths.length];
    for (int i = 0; i < lengths.length; i++) {
      data[i] = ByteBuffer.allocate(lengths[i]);
    }
    CompletableFuture<Void> done = new CompletableFuture<>();
    disk.write(
        0,
        data,
        Durability.CACHED,
        failure -> {
          if (failure == null) {
            done.complete(null);
          } else {
            done.completeExceptionally(failure);
          }
        });
    done.get(60, TimeUnit.SECONDS);
  }

  @Test
  void whatIsReadAndWrittenIsCounted() throws Exception {
    try (BlockDevice disk = disk()) {
      assertTrue(disk.tryRead(0, ByteBuffer.allocate(512)));
      assertTrue(disk.tryRead(0, ByteBuffer.allocate(1024)));
      write(disk, 512, 1024);
      assertEquals(1536, traffic.readBytes());
      assertEquals(1536, traffic.writtenBytes());
    }
  }

  /** One that is not handed on takes the disk's quick ways from it, and nobody would notice. */
  @Test
  void everyMethodOfADiskIsHandedOn() {
    for (Method method : BlockDevice.class.getMethods()) {
      assertDoesNotThrow(
          () -> CountedDevice.class.getDeclaredMethod(method.getName(), method.getParameterTypes()),
          method.toString());
    }
  }

  @Test
  void whatIsLentIsCounted() {
    BlockDevice lending =
        new CountedDevice(
            (BlockDevice)
                Proxy.newProxyInstance(
                    BlockDevice.class.getClassLoader(),
                    new Class<?>[] {BlockDevice.class},
                    (proxy, method, arguments) ->
                        method.getName().equals("tryLend") && (int) arguments[1] == 4096
                            ? LOAN
                            : null),
            traffic);
    assertEquals(LOAN, lending.tryLend(0, 4096));
    assertNull(lending.tryLend(0, 512));
    assertEquals(4096, traffic.readBytes());
    assertEquals(List.of("first read"), told);
  }

  @Test
  void onlyTheFirstReadIsTold() {
    try (BlockDevice disk = disk()) {
      assertEquals(List.of(), told);
      assertTrue(disk.tryRead(0, ByteBuffer.allocate(512)));
      assertTrue(disk.tryRead(0, ByteBuffer.allocate(512)));
      assertEquals(List.of("first read"), told);
    }
  }

  /** What firmware writes says nothing; the first write after a system's login does. */
  @Test
  void aWriteIsToldOnceWhereOneIsAwaited() throws Exception {
    try (BlockDevice disk = disk()) {
      write(disk, 512);
      assertEquals(List.of(), told);
      traffic.awaitWrite();
      write(disk, 512);
      write(disk, 512);
      assertEquals(List.of("first write"), told);
    }
  }
}
