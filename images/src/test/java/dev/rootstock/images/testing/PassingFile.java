// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.testing;

import dev.rootstock.images.file.HostFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Hands everything on to another file: for tests that want one thing else. */
public abstract class PassingFile implements HostFile {
  protected final HostFile inner;

  protected PassingFile(HostFile inner) {
    this.inner = inner;
  }

  @Override
  public boolean tryRead(long offset, ByteBuffer into) {
    return inner.tryRead(offset, into);
  }

  @Override
  public void read(long offset, ByteBuffer into) throws IOException {
    inner.read(offset, into);
  }

  @Override
  public void write(long offset, ByteBuffer... parts) throws IOException {
    inner.write(offset, parts);
  }

  @Override
  public void sync() throws IOException {
    inner.sync();
  }

  @Override
  public long size() throws IOException {
    return inner.size();
  }

  @Override
  public void truncate(long size) throws IOException {
    inner.truncate(size);
  }

  @Override
  public void punch(long offset, long length) throws IOException {
    inner.punch(offset, length);
  }

  @Override
  public long allocated() throws IOException {
    return inner.allocated();
  }

  @Override
  public void lock() throws IOException {
    inner.lock();
  }

  @Override
  public void close() throws IOException {
    inner.close();
  }
}
