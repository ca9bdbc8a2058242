// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.block.Durability;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.Semaphore;

/**
 * A process that opens a client's disk, says so, writes to it without end, and tells on its
 * standard output what was acknowledged: a line of block number and seed for each write. It is
 * there to be killed.
 */
final class WritingServer {
  static final int BLOCK = 512;
  private static final int DEPTH = 16;

  private WritingServer() {}

  /** The content of a write: the seed in every eight bytes of its blocks. */
  static byte[] content(int blocks, long seed) {
    ByteBuffer bytes = ByteBuffer.allocate(blocks * BLOCK);
    while (bytes.hasRemaining()) {
      bytes.putLong(seed);
    }
    return bytes.array();
  }

  /** Arguments: the data directory, the client, the overlay, the first seed. */
  public static void main(String[] arguments) throws Exception {
    LocalImageStore store = LocalImageStore.open(Path.of(arguments[0]));
    LeasedDisk disk = store.openOverlay(arguments[1], OverlayId.parse(arguments[2]));
    PrintStream out = System.out;
    out.println("open");
    long disks = disk.device().geometry().blocks();
    Random random = new Random(Long.parseLong(arguments[3]));
    Semaphore room = new Semaphore(DEPTH);
    for (long seed = Long.parseLong(arguments[3]); ; seed++) {
      room.acquire();
      int blocks = 1 + random.nextInt(16);
      long block = random.nextLong(disks / 16) * 16;
      long now = seed;
      ByteBuffer data = ByteBuffer.allocateDirect(blocks * BLOCK);
      data.put(content(blocks, seed)).flip();
      disk.device()
          .write(
              block * BLOCK,
              new ByteBuffer[] {data},
              seed % 50 == 0 ? Durability.FORCED : Durability.CACHED,
              failure -> {
                String line = failure == null ? block + " " + blocks + " " + now : "" + failure;
                synchronized (out) {
                  out.println(line);
                }
                room.release();
              });
    }
  }
}
