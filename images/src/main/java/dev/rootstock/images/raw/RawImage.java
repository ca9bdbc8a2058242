// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.raw;

import dev.rootstock.images.block.Extent;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.golden.GoldenImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** The bytes of a golden version in a raw file. */
public final class RawImage implements GoldenImage {
  private final HostFile file;
  private final FileChannel channel;
  private final long size;

  private RawImage(HostFile file, FileChannel channel, long size) {
    this.file = file;
    this.channel = channel;
    this.size = size;
  }

  /** Opens a file for reading only. */
  public static RawImage open(Path path, HostFiles.Opener opener) throws IOException {
    HostFile file = opener.open(path, HostFiles.Mode.READ);
    FileChannel channel = null;
    try {
      channel = FileChannel.open(path, StandardOpenOption.READ);
      long size = file.size();
      if (channel.size() != size) {
        throw new IOException(path + " was replaced while it was opened; try again");
      }
      return new RawImage(file, channel, size);
    } catch (IOException | RuntimeException failure) {
      file.close();
      if (channel != null) {
        channel.close();
      }
      throw failure;
    }
  }

  @Override
  public long size() {
    return size;
  }

  /** What lies beyond the end is always in memory. */
  @Override
  public boolean tryRead(long offset, ByteBuffer into) {
    int length = into.remaining();
    if (offset <= size - length) {
      return file.tryRead(offset, into);
    }
    int start = into.position();
    int limit = into.limit();
    int inside = (int) Math.max(0, size - offset);
    into.limit(start + inside);
    boolean cached = inside == 0 || file.tryRead(offset, into);
    into.limit(limit);
    if (cached) {
      zero(into);
    }
    return cached;
  }

  @Override
  public void read(long offset, ByteBuffer into) throws IOException {
    int limit = into.limit();
    int inside = Math.clamp(size - offset, 0, into.remaining());
    into.limit(into.position() + inside);
    try {
      file.read(offset, into);
    } finally {
      into.limit(limit);
    }
    zero(into);
  }

  @Override
  public void extents(long offset, long length, List<Extent> to) {
    long inside = Math.clamp(size - offset, 0, length);
    if (inside > 0) {
      to.add(new Extent.Immutable(offset, inside, channel, offset));
    }
    if (inside < length) {
      to.add(new Extent.Zero(offset + inside, length - inside));
    }
  }

  /** Writes zeros into the remaining bytes. */
  public static void zero(ByteBuffer into) {
    while (into.remaining() >= Long.BYTES) {
      into.putLong(0);
    }
    while (into.hasRemaining()) {
      into.put((byte) 0);
    }
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      file.close();
    }
  }
}
