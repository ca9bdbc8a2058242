// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import java.io.IOException;

/**
 * Told before a client is for the first time told that something on its overlay is flushed. Whoever
 * made the overlay with {@link ImageStore#provideOverlay} writes down, durably, that it must not be
 * made again: from now on a missing file is a lost disk.
 */
@FunctionalInterface
public interface BeforeFlushed {

  /** That is known already. */
  BeforeFlushed KNOWN = () -> {};

  /**
   * Makes it durable. Runs on a thread that may wait, once for each lease that is flushed or closed
   * with changes, and must not wait for that lease itself.
   *
   * @throws IOException when it cannot; the flush fails, and the disk is not written any more until
   *     it is reopened
   */
  void record() throws IOException;
}
