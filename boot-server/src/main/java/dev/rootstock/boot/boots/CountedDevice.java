// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

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

/**
 * A disk of which we count what a boot asks for. Failures are counted too: they are rare, and a
 * completion of our own for every operation would not be free.
 *
 * @param device the disk; closed by its lease, not through here
 */
record CountedDevice(BlockDevice device, Traffic traffic) implements BlockDevice {
  @Override
  public Geometry geometry() {
    return device.geometry();
  }

  @Override
  public boolean tryRead(long offset, ByteBuffer into) {
    int bytes = into.remaining();
    boolean done = device.tryRead(offset, into);
    if (done) {
      traffic.read(bytes);
    }
    return done;
  }

  @Override
  public @Nullable Loan tryLend(long offset, int length) {
    Loan loan = device.tryLend(offset, length);
    if (loan != null) {
      traffic.read(length);
    }
    return loan;
  }

  @Override
  public void read(long offset, ByteBuffer into, IoCompletion done) {
    traffic.read(into.remaining());
    device.read(offset, into, done);
  }

  @Override
  public void write(long offset, ByteBuffer[] data, Durability durability, IoCompletion done) {
    long bytes = 0;
    for (ByteBuffer each : data) {
      bytes += each.remaining();
    }
    traffic.written(bytes);
    device.write(offset, data, durability, done);
  }

  @Override
  public void update(
      long offset, ByteBuffer scratch, Update change, Durability durability, IoCompletion done) {
    traffic.read(scratch.remaining());
    traffic.written(scratch.remaining());
    device.update(offset, scratch, change, durability, done);
  }

  @Override
  public void flush(IoCompletion done) {
    device.flush(done);
  }

  @Override
  public void discard(long offset, long length, IoCompletion done) {
    device.discard(offset, length, done);
  }

  @Override
  public List<Extent> extents(long offset, long length) {
    return device.extents(offset, length);
  }

  @Override
  public Usage usage() {
    return device.usage();
  }

  @Override
  public void close() {
    device.close();
  }
}
