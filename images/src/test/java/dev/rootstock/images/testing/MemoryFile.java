// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.testing;

import dev.rootstock.images.file.HostFile;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A file in memory, for tests that open thousands of them. It never loses anything. */
public final class MemoryFile implements HostFile {
  private byte[] bytes;

  /** Starts with a copy of the content. */
  public MemoryFile(byte[] content) {
    bytes = content.clone();
  }

  @Override
  public synchronized boolean tryRead(long offset, ByteBuffer into) {
    if (offset > bytes.length - into.remaining()) {
      return false;
    }
    into.put(bytes, (int) offset, into.remaining());
    return true;
  }

  @Override
  public void read(long offset, ByteBuffer into) throws IOException {
    if (!tryRead(offset, into)) {
      throw new EOFException("it has " + size() + " bytes");
    }
  }

  @Override
  public synchronized void write(long offset, ByteBuffer... parts) {
    int at = (int) offset;
    for (ByteBuffer part : parts) {
      int count = part.remaining();
      if (at + count > bytes.length) {
        bytes = Arrays.copyOf(bytes, at + count);
      }
      part.get(bytes, at, count);
      at += count;
    }
  }

  synchronized byte[] content() {
    return bytes.clone();
  }

  @Override
  public void sync() {}

  @Override
  public synchronized long size() {
    return bytes.length;
  }

  @Override
  public synchronized void truncate(long size) {
    bytes = Arrays.copyOf(bytes, (int) size);
  }

  @Override
  public void punch(long offset, long length) {}

  @Override
  public long allocated() {
    return size();
  }

  @Override
  public void lock() {}

  @Override
  public void close() {}
}
