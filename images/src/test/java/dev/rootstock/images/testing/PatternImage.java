// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.testing;

import dev.rootstock.images.block.Extent;
import dev.rootstock.images.golden.GoldenImage;
import java.nio.ByteBuffer;
import java.util.List;

/** A golden image of any size, made up as it is read: every 8 bytes hold a value of their own. */
public record PatternImage(long size) implements GoldenImage {

  /** The 8 bytes at an offset that is a multiple of 8. */
  public long at(long offset) {
    return offset < size ? (offset + 8) * 0x9e37_79b9_7f4a_7c15L : 0;
  }

  @Override
  public boolean tryRead(long offset, ByteBuffer into) {
    read(offset, into);
    return true;
  }

  @Override
  public void read(long offset, ByteBuffer into) {
    long at = offset;
    while (into.hasRemaining()) {
      into.putLong(at(at));
      at += 8;
    }
  }

  @Override
  public void extents(long offset, long length, List<Extent> to) {
    to.add(new Extent.Mutable(offset, length));
  }

  @Override
  public void close() {}
}
