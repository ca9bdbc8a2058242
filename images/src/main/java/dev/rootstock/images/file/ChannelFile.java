// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.file;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** A file through the JDK alone, where the calls of {@link Posix} are missing. */
final class ChannelFile implements HostFile {
  private final Path path;
  private final FileChannel channel;

  ChannelFile(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /** The JDK cannot say whether a read would wait. */
  @Override
  public boolean tryRead(long offset, ByteBuffer into) {
    return false;
  }

  @Override
  public void read(long offset, ByteBuffer into) throws IOException {
    long at = offset;
    while (into.hasRemaining()) {
      int count = channel.read(into, at);
      if (count < 0) {
        throw new EOFException(path + " ends at " + at + " bytes");
      }
      at += count;
    }
  }

  @Override
  public void write(long offset, ByteBuffer... parts) throws IOException {
    long at = offset;
    for (ByteBuffer part : parts) {
      while (part.hasRemaining()) {
        try {
          at += channel.write(part, at);
        } catch (IOException failure) {
          throw toldApart(failure);
        }
      }
    }
  }

  /** The JDK keeps no error number; the C library's text of it is all there is. */
  private IOException toldApart(IOException failure) {
    String text = String.valueOf(failure.getMessage());
    return text.contains("No space left") || text.contains("quota exceeded")
        ? new NoSpaceException("cannot write " + path + ": " + text)
        : failure;
  }

  @Override
  public void sync() throws IOException {
    channel.force(false);
  }

  @Override
  public long size() throws IOException {
    return channel.size();
  }

  @Override
  public void truncate(long size) throws IOException {
    if (size < channel.size()) {
      channel.truncate(size);
    } else if (size > channel.size()) {
      channel.write(ByteBuffer.allocate(1), size - 1);
    }
  }

  /** The JDK cannot make holes. */
  @Override
  public void punch(long offset, long length) {}

  /** The JDK does not know of holes. */
  @Override
  public long allocated() throws IOException {
    return channel.size();
  }

  /** The JDK's locks vanish with any other descriptor of the file that is closed: none is taken. */
  @Override
  public void lock() {}

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
