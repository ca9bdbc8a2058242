// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.testing;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.Extent;
import dev.rootstock.images.block.Geometry;
import dev.rootstock.images.block.IoCompletion;
import dev.rootstock.images.block.Update;
import dev.rootstock.images.block.Usage;
import java.nio.ByteBuffer;
import java.util.List;

/** A device that passes everything on; a test overrides what it wants to be otherwise. */
public class PassingDevice implements BlockDevice {
  private final BlockDevice inner;

  public PassingDevice(BlockDevice inner) {
    this.inner = inner;
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
  public void read(long offset, ByteBuffer into, IoCompletion done) {
    inner.read(offset, into, done);
  }

  @Override
  public void write(long offset, ByteBuffer[] data, Durability durability, IoCompletion done) {
    inner.write(offset, data, durability, done);
  }

  @Override
  public void update(
      long offset, ByteBuffer scratch, Update change, Durability durability, IoCompletion done) {
    inner.update(offset, scratch, change, durability, done);
  }

  @Override
  public void flush(IoCompletion done) {
    inner.flush(done);
  }

  @Override
  public void discard(long offset, long length, IoCompletion done) {
    inner.discard(offset, length, done);
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
