// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import io.netty.buffer.ByteBuf;

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
