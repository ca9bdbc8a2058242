// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.file;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A file whose bytes are counted as it grows. A write takes its whole length first, so no limit is
 * ever passed; then what the file really takes is what counts.
 */
public final class MeteredFile implements HostFile {
  private final HostFile file;
  private final Space space;

  public MeteredFile(HostFile file, Space space) {
    this.file = file;
    this.space = space;
  }

  @Override
  public void write(long offset, ByteBuffer... parts) throws IOException {
    long bytes = 0;
    for (ByteBuffer part : parts) {
      bytes += part.remaining();
    }
    space.take(bytes);
    try {
      file.write(offset, parts);
    } finally {
      space.set(file.allocated());
    }
  }

  @Override
  public boolean tryRead(long offset, ByteBuffer into) {
    return file.tryRead(offset, into);
  }

  @Override
  public void read(long offset, ByteBuffer into) throws IOException {
    file.read(offset, into);
  }

  @Override
  public void sync() throws IOException {
    file.sync();
  }

  @Override
  public long size() throws IOException {
    return file.size();
  }

  @Override
  public void truncate(long size) throws IOException {
    file.truncate(size);
  }

  @Override
  public void punch(long offset, long length) throws IOException {
    file.punch(offset, length);
  }

  @Override
  public long allocated() throws IOException {
    return file.allocated();
  }

  @Override
  public void lock() throws IOException {
    file.lock();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
