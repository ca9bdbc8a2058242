// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.block.Extent;
import dev.rootstock.images.golden.GoldenImage;
import java.nio.ByteBuffer;
import java.util.List;

/** What a disk stands on that begins as zeros. */
final class Zeros implements GoldenImage {
  @Override
  public long size() {
    return 0;
  }

  @Override
  public boolean tryRead(long offset, ByteBuffer into) {
    fill(into);
    return true;
  }

  @Override
  public void read(long offset, ByteBuffer into) {
    fill(into);
  }

  private static void fill(ByteBuffer into) {
    while (into.remaining() >= Long.BYTES) {
      into.putLong(0);
    }
    while (into.hasRemaining()) {
      into.put((byte) 0);
    }
  }

  @Override
  public void extents(long offset, long length, List<Extent> to) {
    to.add(new Extent.Zero(offset, length));
  }

  @Override
  public void close() {
    // there is nothing to close
  }
}
