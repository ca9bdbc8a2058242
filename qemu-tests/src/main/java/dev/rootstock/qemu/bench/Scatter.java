// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.target.initiator.BusySession;
import dev.rootstock.target.initiator.LoginOptions;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;

/** Writes a share of a disk's blocks, chosen at random, and each of them once. */
final class Scatter {
  private static final String INITIATOR = "iqn.2026-11.dev.rootstock.bench:scatter";
  private static final int DEPTH = 32;

  /** An odd multiplier visits all places of a power of two, in an order without pattern. */
  private static final long MULTIPLIER = 0x9E37_79B9L;

  private int begun;
  private int ended;

  private Scatter() {}

  /**
   * Writes, and waits for it.
   *
   * @param blocks the size of a write in blocks of 512 bytes, a power of two
   * @param share of the disk, 0 to 1
   */
  static void write(Disk disk, int blocks, double share) throws IOException {
    new Scatter().run(disk, blocks, share);
  }

  private void run(Disk disk, int blocks, double share) throws IOException {
    long places = BenchLimits.DISK_BYTES / 512 / blocks;
    int count = (int) (places * share);
    LoginOptions options = LoginOptions.normal(INITIATOR, disk.target());
    try (Selector selector = Selector.open();
        BusySession session =
            BusySession.login(
                disk.portal(), options, disk.lun(), BenchLimits.ANSWER, this::ended)) {
      SelectionKey key = session.channel().register(selector, SelectionKey.OP_READ);
      while (ended < count) {
        while (begun < count && begun - ended < DEPTH) {
          session.write(begun++ * MULTIPLIER % places * blocks, blocks);
        }
        boolean all = session.send();
        key.interestOps(all ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE);
        if (selector.select(BenchLimits.ANSWER.toMillis()) == 0) {
          throw new IOException("a write had no answer for " + BenchLimits.ANSWER);
        }
        selector.selectedKeys().clear();
        session.receive();
      }
    }
  }

  private void ended(int tag, int status) {
    if (status != 0) {
      throw new IllegalStateException("a write ended with status " + status);
    }
    ended++;
  }
}
