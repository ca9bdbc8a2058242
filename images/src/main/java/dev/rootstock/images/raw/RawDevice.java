// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.raw;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.BlockIoException.Kind;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.Extent;
import dev.rootstock.images.block.Geometry;
import dev.rootstock.images.block.IoCompletion;
import dev.rootstock.images.block.Loan;
import dev.rootstock.images.block.Update;
import dev.rootstock.images.block.Usage;
import dev.rootstock.images.file.DeviceReads;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.golden.GoldenImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A golden version as a disk that nobody can write. */
public final class RawDevice implements BlockDevice {
  private static final int LOGICAL_BLOCK = 512;
  private static final int PHYSICAL_BLOCK = 4096;

  private final GoldenImage image;
  private final DeviceReads reads;
  private final Runnable release;
  private final Geometry geometry;
  private volatile boolean closed;

  /**
   * Shows an image.
   *
   * @param image its size is a positive multiple of 512; it stays open
   * @param release run once, when the device is closed
   */
  public RawDevice(GoldenImage image, IoThreads threads, Runnable release) {
    this.image = image;
    this.reads = new DeviceReads(threads);
    this.release = release;
    this.geometry = new Geometry(image.size(), LOGICAL_BLOCK, PHYSICAL_BLOCK, true);
  }

  @Override
  public Geometry geometry() {
    return geometry;
  }

  @Override
  public boolean tryRead(long offset, ByteBuffer into) {
    geometry.check(offset, into.remaining());
    return !closed && image.tryRead(offset, into);
  }

  @Override
  public @Nullable Loan tryLend(long offset, int length) {
    geometry.check(offset, length);
    return closed ? null : image.tryLend(offset, length);
  }

  @Override
  public void read(long offset, ByteBuffer into, IoCompletion done) {
    geometry.check(offset, into.remaining());
    if (closed) {
      done.completed(closedFailure());
      return;
    }
    boolean taken =
        reads.submit(
            () -> {
              BlockIoException failure = null;
              try {
                image.read(offset, into);
              } catch (IOException unreadable) {
                failure =
                    new BlockIoException(
                        Kind.READ_FAILED,
                        "cannot read the golden image at %d: %s"
                            .formatted(offset, unreadable.getMessage()),
                        unreadable);
              }
              done.completed(failure);
            });
    if (!taken) {
      done.completed(new BlockIoException(Kind.BUSY, "too many reads are waiting"));
    }
  }

  @Override
  public void write(long offset, ByteBuffer[] data, Durability durability, IoCompletion done) {
    done.completed(readOnlyFailure());
  }

  @Override
  public void update(
      long offset, ByteBuffer scratch, Update change, Durability durability, IoCompletion done) {
    done.completed(readOnlyFailure());
  }

  @Override
  public void flush(IoCompletion done) {
    done.completed(closed ? closedFailure() : null);
  }

  @Override
  public void discard(long offset, long length, IoCompletion done) {
    done.completed(readOnlyFailure());
  }

  @Override
  public List<Extent> extents(long offset, long length) {
    geometry.check(offset, length);
    List<Extent> found = new ArrayList<>(1);
    if (length > 0) {
      image.extents(offset, length, found);
    }
    return found;
  }

  /** A golden version belongs to no client. */
  @Override
  public Usage usage() {
    return Usage.NONE;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      release.run();
    }
  }

  private @Nullable BlockIoException readOnlyFailure() {
    return closed
        ? closedFailure()
        : new BlockIoException(Kind.READ_ONLY, "a golden image cannot be written");
  }

  private static BlockIoException closedFailure() {
    return new BlockIoException(Kind.CLOSED, "the disk is closed");
  }
}
