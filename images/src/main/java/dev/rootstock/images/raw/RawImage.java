// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.raw;

import dev.rootstock.images.block.Extent;
import dev.rootstock.images.block.Loan;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.MappedFile;
import dev.rootstock.images.golden.GoldenImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The bytes of a golden version in a raw file. */
public final class RawImage implements GoldenImage {
  private final HostFile file;
  private final MappedFile mapped;
  private final long size;

  private RawImage(HostFile file, MappedFile mapped, long size) {
    this.file = file;
    this.mapped = mapped;
    this.size = size;
  }

  /** Opens a file for reading only. */
  public static RawImage open(Path path, HostFiles.Opener opener) throws IOException {
    HostFile file = opener.open(path, HostFiles.Mode.READ);
    try {
      long size = file.size();
      return new RawImage(file, MappedFile.open(path, size), size);
    } catch (IOException | RuntimeException failure) {
      file.close();
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
  public @Nullable Loan tryLend(long offset, int length) {
    return mapped.tryLend(offset, length);
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
      to.add(new Extent.Immutable(offset, inside, mapped.channel(), offset));
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
    try (mapped) {
      file.close();
    }
  }
}
