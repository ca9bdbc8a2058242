// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.io.IOException;
import java.util.List;

/**
 * A load by our own initiator, in one session or in many. It checks digests where they are agreed
 * on, and tells each operation's latency.
 *
 * @param access to which places of the disk
 * @param blocks the size of an operation in blocks of 512 bytes
 * @param depth operations in flight in each session
 * @param digests whether header and data digests are asked for
 */
record Sessions(Access access, int blocks, int depth, boolean digests) {

  /**
   * One session for each disk; a disk may be named more than once. Ends before its time where every
   * place was to be written once, and has been.
   */
  Trial on(Process server, List<Disk> disks) {
    return seconds -> measure(server, disks, seconds);
  }

  private Sample measure(Process server, List<Disk> disks, int seconds) throws IOException {
    try (var driver = new SessionDriver(this)) {
      for (Disk disk : disks) {
        driver.login(disk);
      }
      long before = Tool.cpuMicros(server);
      long begin = System.nanoTime();
      driver.run(begin + seconds * 1_000_000_000L);
      double took = (System.nanoTime() - begin) / 1e9;
      long used = Tool.cpuMicros(server) - before;
      long all = driver.ended().sum();
      long least = driver.ended().min().orElseThrow();
      return new Sample(
          all / took, (double) used / all, driver.latency(), (double) least * disks.size() / all);
    }
  }
}
