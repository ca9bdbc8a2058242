// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The data of a command that are being collected, in {@link Burst}s of at most MaxBurstLength, each
 * one buffer: in the order of the command's data. They are copied out of the network's buffers,
 * which would otherwise be pinned by 512-byte slices as iPXE sends them; but for one PDU that is a
 * whole burst and has memory of its own.
 */
final class Bursts {
  private final DataOutTask task;

  /** Bytes to take, from the beginning of the command's data. */
  private final int total;

  private final int burstBytes;

  /**
   * Bytes that the device server works with. They are reserved together with the parameter data:
   * who holds memory must not wait for more, or all could wait for each other.
   */
  private final int workBytes;

  private final ArrayDeque<Burst> bursts = new ArrayDeque<>(1);
  private int next;
  private int received;

  Bursts(DataOutTask task, int total, int burstBytes, int workBytes) {
    this.task = task;
    this.total = total;
    this.burstBytes = burstBytes;
    this.workBytes = workBytes;
  }

  /** How many bytes there will be. */
  int total() {
    return total;
  }

  /** How many have come. */
  int received() {
    return received;
  }

  /** Whether all have come. */
  boolean complete() {
    return received == total;
  }

  /**
   * Puts data into their burst, which nobody has made yet when they are the first.
   *
   * @param fresh how many of them had not come before
   * @return false when there is no memory for it
   */
  boolean put(ByteBuf data, int offset, int length, int fresh) {
    if (offset == next && takeWhole(data, length)) {
      received += fresh;
      return true;
    }
    Burst into = forData(offset);
    if (into == null) {
      return false;
    }
    into.put(data, offset, length, fresh);
    received += fresh;
    return true;
  }

  /** Takes data that are the next burst as they are, where that is possible. */
  private boolean takeWhole(ByteBuf data, int length) {
    if (length != Math.min(burstBytes, total - next)) {
      return false;
    }
    Burst whole = Burst.of(data, next, length);
    if (whole == null) {
      return false;
    }
    if (!task.link.reserve(length + workBytes)) {
      whole.buffer().release();
      return false;
    }
    bursts.add(whole);
    next = whole.end();
    return true;
  }

  /** The burst that data from an offset on belong to; null when there is no memory for it. */
  @Nullable Burst forData(int offset) {
    for (Burst burst : bursts) {
      if (offset >= burst.start() && offset < burst.end()) {
        return burst;
      }
    }
    return make();
  }

  /** A burst behind the last one. */
  private @Nullable Burst make() {
    int start = next;
    int capacity = Math.min(burstBytes, total - start);
    ByteBuf buffer = task.reserved(capacity, workBytes);
    if (buffer == null) {
      return null;
    }
    Burst fresh = new Burst(buffer, start);
    bursts.add(fresh);
    next = fresh.end();
    return fresh;
  }

  /** The first one if it is whole, else null. */
  @Nullable Burst whole() {
    Burst first = bursts.peek();
    return first != null && first.whole() ? first : null;
  }

  /** Gives the first one away, with its buffer and what was reserved for that. */
  void remove() {
    bursts.remove();
  }

  /** Gives up what is collected. */
  void release() {
    for (Burst held = bursts.poll(); held != null; held = bursts.poll()) {
      int capacity = held.buffer().capacity();
      held.buffer().release();
      task.link.unreserve(capacity + workBytes);
    }
  }
}
