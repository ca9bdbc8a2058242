// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.golden.GoldenImage;
import dev.rootstock.images.raw.RawDevice;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;

/** Every disk that is in use, with its share of the golden version that it stands on. */
final class DiskLeases {
  private final GoldenShares shares;
  private final IoThreads threads;

  /** Those that are not closed. */
  private final Set<LeasedDisk> leases = ConcurrentHashMap.newKeySet();

  DiskLeases(GoldenShares shares, IoThreads threads) {
    this.shares = shares;
    this.threads = threads;
  }

  /** Makes a device over an image, told what to run when it is closed. */
  interface Maker {
    BlockDevice make(GoldenImage image, Runnable released) throws IOException;
  }

  /** Leases a golden version itself. */
  LeasedDisk readOnly(GoldenVersion version) throws StoreException {
    try {
      return lease(
          version,
          shares.acquire(version),
          (image, released) -> new RawDevice(image, threads, released));
    } catch (IOException failure) {
      throw Failures.of("cannot open " + version, failure);
    }
  }

  /**
   * Leases a device that stands on a golden version.
   *
   * @param image a share of {@code base} that {@link GoldenShares#acquire} gave and that is the
   *     lease's from now on, also where this fails
   */
  LeasedDisk lease(GoldenVersion base, GoldenImage image, Maker maker) throws IOException {
    AtomicReference<LeasedDisk> lease = new AtomicReference<>();
    boolean made = false;
    try {
      BlockDevice device =
          maker.make(
              image,
              () -> {
                leases.remove(lease.get());
                shares.release(base);
              });
      made = true;
      LeasedDisk disk = new LeasedDisk(device);
      lease.set(disk);
      leases.add(disk);
      return disk;
    } finally {
      if (!made) {
        shares.release(base);
      }
    }
  }

  /** Closes every one. */
  void close() {
    for (LeasedDisk disk : leases) {
      disk.close();
    }
  }
}
