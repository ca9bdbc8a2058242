// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.FencedDevice;
import java.util.concurrent.CompletionStage;

/**
 * A disk that one boot of a client uses until it is fenced or closed.
 *
 * <p>The device itself may be closed by nobody but its lease: {@link BlockDevice#close} on {@link
 * #device()} does what {@link #close()} does.
 */
public final class LeasedDisk implements AutoCloseable {
  private final FencedDevice device;

  /** Takes {@code inner} over: it is closed with the lease. */
  public LeasedDisk(BlockDevice inner) {
    device = new FencedDevice(inner);
  }

  /** The disk, for as long as the lease holds. */
  public BlockDevice device() {
    return device;
  }

  /**
   * Takes the disk away from whoever uses it. From this call on operations fail with {@link
   * dev.rootstock.images.block.BlockIoException.Kind#FENCED}; may be called on any thread and as
   * often as one likes.
   *
   * @return completes when those under way have ended; nothing of this lease reaches the store
   *     after that
   */
  public CompletionStage<Void> fence() {
    return device.fence();
  }

  /** Whether {@link #fence} or {@link #close} has been called. */
  public boolean ended() {
    return device.ended();
  }

  /**
   * Waits for the operations under way, makes what was written durable, and closes the files. It
   * blocks, so never on an event loop; a second call does nothing.
   */
  @Override
  public void close() {
    device.close();
  }
}
