// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.block;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.locks.StampedLock;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory, all of it allocated at once and zero at first. It never waits: completions come
 * on the caller's thread, before the call returns. For tests and for measuring what lies above.
 */
public final class MemoryBlockDevice implements BlockDevice {
  private static final int LOGICAL_BLOCK = 512;
  private static final int PHYSICAL_BLOCK = 4096;

  private final Geometry geometry;
  private final MemorySegment bytes;

  /** Held for a copy only; keeps a read from seeing half of a write. */
  private final StampedLock lock = new StampedLock();

  private volatile boolean closed;

  /** A writable disk of 512-byte blocks; the size is a positive multiple of 512. */
  public MemoryBlockDevice(long sizeBytes) {
    this(new Geometry(sizeBytes, LOGICAL_BLOCK, PHYSICAL_BLOCK, false));
  }

  public MemoryBlockDevice(Geometry geometry) {
    this.geometry = geometry;
    this.bytes = Arena.ofAuto().allocate(geometry.sizeBytes());
  }

  /** Fills a range whatever the geometry says of writing, to make up a disk for a test. */
  public void fill(long offset, byte[] content) {
    long stamp = lock.writeLock();
    try {
      MemorySegment.copy(MemorySegment.ofArray(content), 0, bytes, offset, content.length);
    } finally {
      lock.unlockWrite(stamp);
    }
  }

  @Override
  public Geometry geometry() {
    return geometry;
  }

  @Override
  public boolean tryRead(long offset, ByteBuffer into) {
    geometry.check(offset, into.remaining());
    long stamp = closed ? 0 : lock.tryReadLock();
    if (stamp == 0) {
      return false;
    }
    try {
      copyOut(offset, into);
    } finally {
      lock.unlockRead(stamp);
    }
    return true;
  }

  @Override
  public void read(long offset, ByteBuffer into, IoCompletion done) {
    geometry.check(offset, into.remaining());
    BlockIoException refusal = refusal(false);
    if (refusal == null) {
      long stamp = lock.readLock();
      try {
        copyOut(offset, into);
      } finally {
        lock.unlockRead(stamp);
      }
    }
    done.completed(refusal);
  }

  @Override
  public void write(long offset, ByteBuffer[] data, Durability durability, IoCompletion done) {
    long length = 0;
    for (ByteBuffer part : data) {
      length += part.remaining();
    }
    geometry.check(offset, length);
    BlockIoException refusal = refusal(true);
    if (refusal == null) {
      long stamp = lock.writeLock();
      try {
        long at = offset;
        for (ByteBuffer part : data) {
          int count = part.remaining();
          MemorySegment.copy(MemorySegment.ofBuffer(part), 0, bytes, at, count);
          part.position(part.limit());
          at += count;
        }
      } finally {
        lock.unlockWrite(stamp);
      }
    }
    done.completed(refusal);
  }

  @Override
  public void update(
      long offset, ByteBuffer scratch, Update change, Durability durability, IoCompletion done) {
    ByteBuffer content = scratch.slice();
    geometry.check(offset, content.remaining());
    BlockIoException refusal = refusal(true);
    if (refusal == null) {
      long stamp = lock.writeLock();
      try {
        copyOut(offset, content);
        content.clear();
        if (change.change(content)) {
          content.clear();
          MemorySegment.copy(MemorySegment.ofBuffer(content), 0, bytes, offset, content.limit());
        }
      } finally {
        lock.unlockWrite(stamp);
      }
    }
    done.completed(refusal);
  }

  @Override
  public void flush(IoCompletion done) {
    done.completed(refusal(false));
  }

  @Override
  public void discard(long offset, long length, IoCompletion done) {
    geometry.check(offset, length);
    BlockIoException refusal = refusal(true);
    if (refusal == null) {
      long stamp = lock.writeLock();
      try {
        bytes.asSlice(offset, length).fill((byte) 0);
      } finally {
        lock.unlockWrite(stamp);
      }
    }
    done.completed(refusal);
  }

  @Override
  public List<Extent> extents(long offset, long length) {
    geometry.check(offset, length);
    return length == 0 ? List.of() : List.of(new Extent.Mutable(offset, length));
  }

  /** All of it is allocated from the start. */
  @Override
  public Usage usage() {
    return new Usage(geometry.sizeBytes(), Long.MAX_VALUE);
  }

  @Override
  public void close() {
    closed = true;
  }

  private void copyOut(long offset, ByteBuffer into) {
    int count = into.remaining();
    MemorySegment.copy(bytes, offset, MemorySegment.ofBuffer(into), 0, count);
    into.position(into.limit());
  }

  private @Nullable BlockIoException refusal(boolean writes) {
    if (closed) {
      return new BlockIoException(BlockIoException.Kind.CLOSED, "the disk is closed");
    }
    if (writes && geometry.readOnly()) {
      return new BlockIoException(BlockIoException.Kind.READ_ONLY, "the disk is read-only");
    }
    return null;
  }
}
