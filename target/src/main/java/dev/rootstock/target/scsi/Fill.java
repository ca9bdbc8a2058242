// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.IoCompletion;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Writes one block all over a range, in steps gathered from one buffer that holds it many times.
 */
final class Fill implements Steps.Source {
  private final BlockDevice device;
  private final ByteBuffer pattern;
  private long offset;
  private long remaining;

  /**
   * @param block what every block of the range becomes; it is copied here
   */
  Fill(BlockDevice device, long offset, long length, ByteBuffer block) {
    this.device = device;
    this.offset = offset;
    remaining = length;
    pattern = ByteBuffer.allocate(patternBytes(length));
    while (pattern.hasRemaining()) {
      pattern.put(block.duplicate());
    }
    pattern.flip();
  }

  /** The memory that the pattern takes. */
  static int patternBytes(long length) {
    return (int) Math.min(length, Limits.WRITE_SAME_PATTERN_BYTES);
  }

  @Override
  public Plan.@Nullable Outcome next(IoCompletion done) {
    if (remaining == 0) {
      return Plan.Respond.GOOD;
    }
    int length = (int) Math.min(remaining, Limits.WRITE_SAME_STEP_BYTES);
    ByteBuffer[] data = new ByteBuffer[Math.ceilDiv(length, pattern.limit())];
    for (int i = 0, left = length; i < data.length; i++, left -= pattern.limit()) {
      data[i] = pattern.slice(0, Math.min(left, pattern.limit()));
    }
    long at = offset;
    offset += length;
    remaining -= length;
    device.write(at, data, Durability.CACHED, done);
    return null;
  }
}
