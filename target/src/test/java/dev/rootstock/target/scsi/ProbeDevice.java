// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.Extent;
import dev.rootstock.images.block.Geometry;
import dev.rootstock.images.block.IoCompletion;
import dev.rootstock.images.block.Update;
import dev.rootstock.images.block.Usage;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** Writes down what it is asked to do, does it on another device, and fails or waits on demand. */
final class ProbeDevice implements BlockDevice {
  private final BlockDevice inner;

  /** Each operation as "name offset length". */
  final List<String> log = new ArrayList<>();

  /** Completions that have been held back. */
  final Queue<Runnable> held = new ArrayDeque<>();

  /** Whether completions are held back. */
  boolean holds;

  /** What it says of its usage instead of the other device. */
  @Nullable Usage usage;

  /** What the next operations fail with. */
  BlockIoException.@Nullable Kind failure;

  ProbeDevice(BlockDevice inner) {
    this.inner = inner;
  }

  @Override
  public Geometry geometry() {
    return inner.geometry();
  }

  @Override
  public boolean tryRead(long offset, ByteBuffer into) {
    return failure == null && inner.tryRead(offset, into);
  }

  @Override
  public void read(long offset, ByteBuffer into, IoCompletion done) {
    IoCompletion end = begin("read", offset, into.remaining(), done);
    inner.read(offset, into, end);
  }

  @Override
  public void write(long offset, ByteBuffer[] data, Durability durability, IoCompletion done) {
    long length = 0;
    for (ByteBuffer buffer : data) {
      length += buffer.remaining();
    }
    inner.write(offset, data, durability, begin("write", offset, length, done));
  }

  @Override
  public void update(
      long offset, ByteBuffer scratch, Update change, Durability durability, IoCompletion done) {
    IoCompletion end = begin("update", offset, scratch.remaining(), done);
    inner.update(offset, scratch, change, durability, end);
  }

  @Override
  public void flush(IoCompletion done) {
    inner.flush(begin("flush", 0, 0, done));
  }

  @Override
  public void discard(long offset, long length, IoCompletion done) {
    inner.discard(offset, length, begin("discard", offset, length, done));
  }

  @Override
  public List<Extent> extents(long offset, long length) {
    return inner.extents(offset, length);
  }

  @Override
  public Usage usage() {
    Usage told = usage;
    return told == null ? inner.usage() : told;
  }

  @Override
  public void close() {
    inner.close();
  }

  private IoCompletion begin(String operation, long offset, long length, IoCompletion done) {
    log.add(operation + " " + offset + " " + length);
    BlockIoException.Kind kind = failure;
    return result -> {
      BlockIoException end =
          kind == null ? result : new BlockIoException(kind, "as the test wants");
      if (holds) {
        held.add(() -> done.completed(end));
      } else {
        done.completed(end);
      }
    };
  }
}
