// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;

/** A boot file, open. Not for several threads at once. */
public final class BootFile implements AutoCloseable {
  private final SeekableByteChannel channel;
  private final long size;

  BootFile(SeekableByteChannel channel) throws IOException {
    this.channel = channel;
    this.size = channel.size();
  }

  /** Bytes when it was opened; a file that shrinks afterwards ends in an error, never early. */
  public long size() {
    return size;
  }

  /**
   * Fills a buffer's rest. May wait for the disk.
   *
   * @param offset 0 to size less the buffer's rest
   * @throws IOException also where the file is shorter than it was
   */
  public void read(long offset, ByteBuffer into) throws IOException {
    channel.position(offset);
    while (into.hasRemaining()) {
      if (channel.read(into) < 0) {
        throw new IOException("the file became shorter while it was served");
      }
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
