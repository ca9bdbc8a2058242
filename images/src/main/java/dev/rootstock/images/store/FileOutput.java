// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.file.HostFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/** Writes a file from its beginning; it is durable when it is closed. */
final class FileOutput extends OutputStream {
  private final HostFile file;
  private long at;
  private boolean closed;

  /** Takes the file over. */
  FileOutput(HostFile file) {
    this.file = file;
  }

  @Override
  public void write(int single) throws IOException {
    write(new byte[] {(byte) single}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int count) throws IOException {
    file.write(at, ByteBuffer.wrap(bytes, from, count));
    at += count;
  }

  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try (file) {
      file.sync();
    }
  }
}
