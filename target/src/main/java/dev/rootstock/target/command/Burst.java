// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.target.wire.Limits;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A part of a command's data that is collected in one buffer, and goes to the device when it is
 * whole.
 */
final class Burst {
  private final ByteBuf buffer;
  private final int start;
  private int missing;

  /**
   * Makes an empty one; the task has reserved the buffer and gives it back.
   *
   * @param start where its first byte lies in the command's data
   */
  Burst(ByteBuf buffer, int start) {
    this.buffer = buffer;
    this.start = start;
    this.missing = buffer.capacity();
    buffer.writerIndex(buffer.capacity());
  }

  /**
   * Makes a whole one of data that need no copy: they are all that their memory holds, as those of
   * a long PDU are that came in pieces. Shorter ones lie among others in the network's buffers,
   * which they would keep from being used again. The task has reserved their length.
   *
   * @return null when they have to be copied
   */
  static @Nullable Burst of(ByteBuf data, int start, int length) {
    ByteBuf memory = data;
    for (ByteBuf outer = data.unwrap(); outer != null; outer = outer.unwrap()) {
      memory = outer;
    }
    if (memory.capacity() - length > Limits.AROUND_DATA) {
      return null;
    }
    Burst whole = new Burst(data.retainedSlice(data.readerIndex(), length), start);
    whole.missing = 0;
    return whole;
  }

  ByteBuf buffer() {
    return buffer;
  }

  int start() {
    return start;
  }

  int end() {
    return start + buffer.capacity();
  }

  boolean whole() {
    return missing == 0;
  }

  /**
   * Copies data to their place.
   *
   * @param length how many of them are this burst's, beginning with the first
   * @param fresh how many of those had not come before
   */
  void put(ByteBuf data, int offset, int length, int fresh) {
    buffer.setBytes(offset - start, data, data.readerIndex(), length);
    missing -= fresh;
  }
}
