// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.IoCompletion;
import dev.rootstock.images.block.Update;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An operation that waits for its turn in an overlay, or is in the round being worked on. */
abstract sealed class Change {
  private static final Logger LOG = LoggerFactory.getLogger(Change.class);

  private final IoCompletion done;
  private volatile boolean ended;

  /** It stands on entries of the map that its round has yet to commit. */
  boolean needsMapping;

  /** What its caller is told when its round is over; null when it has not failed. */
  @Nullable BlockIoException failure;

  private Change(IoCompletion done) {
    this.done = done;
  }

  /** What it adds to the bytes of a round. */
  long bytes() {
    return 0;
  }

  /**
   * Bytes of memory that one round of it may come to hold for the map.
   *
   * @param clusterBits of the overlay
   */
  long heldBytes(int clusterBits) {
    return 0;
  }

  private static long span(long offset, long length, int clusterBits, long most) {
    if (length == 0) {
      return 0;
    }
    long first = offset >>> clusterBits;
    long clusters = Math.min(((offset + length - 1) >>> clusterBits) - first + 1, most);
    long slices =
        ((first + clusters - 1) >>> TableCache.SLICE_BITS) - (first >>> TableCache.SLICE_BITS) + 1;
    return MapMemory.bytes(slices, clusters);
  }

  /** Whether the caller was promised that it survives power loss. */
  boolean forced() {
    return false;
  }

  boolean ended() {
    return ended;
  }

  /** Tells the caller, the first time that it is called. */
  void end(@Nullable BlockIoException failure) {
    if (ended) {
      return;
    }
    ended = true;
    try {
      done.completed(failure);
    } catch (RuntimeException bug) {
      LOG.error("a completion failed; the disk goes on", bug);
    }
  }

  static final class Write extends Change {
    final long offset;
    final Gather data;
    private final long length;
    private final Durability durability;

    Write(long offset, ByteBuffer[] data, Durability durability, IoCompletion done) {
      super(done);
      this.offset = offset;
      this.data = new Gather(data);
      this.length = this.data.remaining();
      this.durability = durability;
    }

    @Override
    long bytes() {
      return length;
    }

    @Override
    long heldBytes(int clusterBits) {
      return span(offset, length, clusterBits, Long.MAX_VALUE);
    }

    @Override
    boolean forced() {
      return durability == Durability.FORCED;
    }
  }

  /** Read, altered and written back; the overlay has one writer, so nothing comes in between. */
  static final class Modify extends Change {
    final long offset;
    final ByteBuffer scratch;
    final Update update;
    private final Durability durability;

    Modify(
        long offset, ByteBuffer scratch, Update update, Durability durability, IoCompletion done) {
      super(done);
      this.offset = offset;
      this.scratch = scratch.slice();
      this.update = update;
      this.durability = durability;
    }

    @Override
    long bytes() {
      return scratch.capacity();
    }

    @Override
    long heldBytes(int clusterBits) {
      return span(offset, scratch.capacity(), clusterBits, Long.MAX_VALUE);
    }

    @Override
    boolean forced() {
      return durability == Durability.FORCED;
    }
  }

  /** Takes several rounds when it is long: {@link #offset} moves on. */
  static final class Discard extends Change {
    long offset;
    final long end;

    Discard(long offset, long length, IoCompletion done) {
      super(done);
      this.offset = offset;
      this.end = offset + length;
    }

    /**
     * What it skips for want of a table it does in whole tables, so up to two slices come on top.
     */
    @Override
    long heldBytes(int clusterBits) {
      long slices = MapMemory.bytes(2, 0);
      return slices + span(offset, end - offset, clusterBits, Limits.ROUND_DISCARD_CLUSTERS);
    }
  }

  static final class Flush extends Change {
    Flush(IoCompletion done) {
      super(done);
    }

    @Override
    boolean forced() {
      return true;
    }
  }
}
