// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.file;

import dev.rootstock.images.block.Usage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Room for one file or a few, out of what its owner may have. Asked before bytes are written where
 * nothing was; safe for many threads.
 */
public interface Space {

  /**
   * Counts bytes that are about to be taken.
   *
   * @throws NoSpaceException when they would go beyond a limit, saying whose; nothing is counted
   *     then
   */
  void take(long bytes) throws NoSpaceException;

  /** Counts bytes as given back, down to none. */
  void giveBack(long bytes);

  /** Counts what was found to be taken, whatever the limits say. */
  void set(long bytes);

  /** What the owner takes in all, and may take. */
  Usage usage();

  /** Room that nobody bounds or counts. */
  static Space unlimited() {
    return limited(() -> Long.MAX_VALUE);
  }

  /** Room that is its own owner's. The limit is asked each time, for it may change. */
  static Space limited(LongSupplier limit) {
    AtomicLong taken = new AtomicLong();
    return new Space() {
      @Override
      public void take(long bytes) throws NoSpaceException {
        long now = taken.get();
        while (bytes <= limit.getAsLong() - now) {
          if (taken.compareAndSet(now, now + bytes)) {
            return;
          }
          now = taken.get();
        }
        throw new NoSpaceException("the disk's quota of %d bytes".formatted(limit.getAsLong()));
      }

      @Override
      public void giveBack(long bytes) {
        taken.updateAndGet(now -> Math.max(0, now - bytes));
      }

      @Override
      public void set(long bytes) {
        taken.set(bytes);
      }

      @Override
      public Usage usage() {
        return new Usage(taken.get(), limit.getAsLong());
      }
    };
  }
}
