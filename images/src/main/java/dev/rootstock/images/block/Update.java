// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.block;

import java.nio.ByteBuffer;

/** How {@link BlockDevice#update} changes bytes: what they become may depend on what they are. */
@FunctionalInterface
public interface Update {

  /**
   * Alters the bytes in place. Called once at most, on a thread of the device, which must not wait
   * in it for anything.
   *
   * @param bytes all bytes of the range, from position 0 to the limit; where position and limit
   *     stand afterwards does not matter
   * @return whether the bytes are to be written back; false leaves the disk as it is
   */
  boolean change(ByteBuffer bytes);
}
