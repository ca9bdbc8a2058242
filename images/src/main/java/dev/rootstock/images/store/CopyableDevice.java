// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.Extent;
import dev.rootstock.images.block.Geometry;
import dev.rootstock.images.block.IoCompletion;
import dev.rootstock.images.block.Loan;
import dev.rootstock.images.block.Update;
import dev.rootstock.images.block.Usage;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A client's disk whose state of one moment can be copied while it is in use. */
final class CopyableDevice implements BlockDevice {
  private final BlockDevice inner;
  private volatile @Nullable MomentCopy copy;

  CopyableDevice(BlockDevice inner) {
    this.inner = inner;
  }

  /** The device itself, for the copy to read from. */
  BlockDevice inner() {
    return inner;
  }

  /**
   * From now on changes wait for this copy.
   *
   * @return false when another copy is being made
   */
  synchronized boolean copyFirst(MomentCopy next) {
    if (copy != null) {
      return false;
    }
    copy = next;
    return true;
  }

  /** Changes wait for nothing any more. */
  synchronized void copied() {
    copy = null;
  }

  boolean isCopied() {
    return copy != null;
  }

  private void change(long offset, long length, Runnable change) {
    MomentCopy first = copy;
    if (first == null) {
      change.run();
    } else {
      geometry().check(offset, length);
      first.before(offset, length, change);
    }
  }

  @Override
  public Geometry geometry() {
    return inner.geometry();
  }

  @Override
  public boolean tryRead(long offset, ByteBuffer into) {
    return inner.tryRead(offset, into);
  }

  @Override
  public @Nullable Loan tryLend(long offset, int length) {
    return inner.tryLend(offset, length);
  }

  @Override
  public void read(long offset, ByteBuffer into, IoCompletion done) {
    inner.read(offset, into, done);
  }

  @Override
  public void write(long offset, ByteBuffer[] data, Durability durability, IoCompletion done) {
    long length = 0;
    for (ByteBuffer part : data) {
      length += part.remaining();
    }
    change(offset, length, () -> inner.write(offset, data, durability, done));
  }

  @Override
  public void update(
      long offset, ByteBuffer scratch, Update change, Durability durability, IoCompletion done) {
    change(
        offset, scratch.remaining(), () -> inner.update(offset, scratch, change, durability, done));
  }

  @Override
  public void flush(IoCompletion done) {
    inner.flush(done);
  }

  @Override
  public void discard(long offset, long length, IoCompletion done) {
    change(offset, length, () -> inner.discard(offset, length, done));
  }

  @Override
  public List<Extent> extents(long offset, long length) {
    return inner.extents(offset, length);
  }

  @Override
  public Usage usage() {
    return inner.usage();
  }

  @Override
  public void close() {
    inner.close();
  }
}
