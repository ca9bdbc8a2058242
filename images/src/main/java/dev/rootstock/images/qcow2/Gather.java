// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Takes the bytes of several buffers piece by piece, without copying and without moving them. */
final class Gather {
  private final ByteBuffer[] parts;
  private int current;
  private long left;

  Gather(ByteBuffer[] data) {
    parts = new ByteBuffer[data.length];
    for (int i = 0; i < data.length; i++) {
      parts[i] = data[i].duplicate();
      left += parts[i].remaining();
    }
  }

  long remaining() {
    return left;
  }

  /** The next {@code count} bytes, at most {@link #remaining}, in order. */
  List<ByteBuffer> take(int count) {
    List<ByteBuffer> taken = new ArrayList<>();
    int wanted = count;
    while (wanted > 0) {
      ByteBuffer part = parts[current];
      int step = Math.min(wanted, part.remaining());
      if (step > 0) {
        taken.add(part.slice(part.position(), step));
        part.position(part.position() + step);
      }
      if (!part.hasRemaining()) {
        current++;
      }
      wanted -= step;
    }
    left -= count;
    return taken;
  }
}
