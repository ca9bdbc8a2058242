// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.BlockIoException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the administrator that an overlay's writes find no room, of which only its client would
 * hear else: at the first, and then no more often than {@link Limits#NO_ROOM_LOGGED_SECONDS}.
 */
final class NoRoom {
  private static final Logger LOG = LoggerFactory.getLogger(NoRoom.class);
  private static final long PAUSE = TimeUnit.SECONDS.toNanos(Limits.NO_ROOM_LOGGED_SECONDS);

  private final LongSupplier nanoTime;
  private boolean told;
  private long toldAt;

  /**
   * @param nanoTime a clock like {@link System#nanoTime}
   */
  NoRoom(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** From any thread. */
  void tell(BlockIoException failure) {
    if (failure.kind() == BlockIoException.Kind.NO_SPACE && isTime()) {
      LOG.warn(
          "a client's writes fail until there is room, what it has written stays: {}",
          failure.getMessage());
    }
  }

  private synchronized boolean isTime() {
    long now = nanoTime.getAsLong();
    if (told && now - toldAt < PAUSE) {
      return false;
    }
    told = true;
    toldAt = now;
    return true;
  }
}
