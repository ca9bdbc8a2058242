// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.file;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** A file by its descriptor, through the C library. Direct buffers reach the calls uncopied. */
final class NativeFile implements HostFile {
  private final Path path;
  private volatile int fd;

  NativeFile(Path path, int fd) {
    this.path = path;
    this.fd = fd;
  }

  @Override
  public boolean tryRead(long offset, ByteBuffer into) {
    int length = into.remaining();
    if (!into.isDirect()) {
      return false;
    }
    long count;
    try {
      count = Posix.readCached(fd, MemorySegment.ofBuffer(into).address(), length, offset);
    } finally {
      Reference.reachabilityFence(into);
    }
    if (count != length) {
      return false;
    }
    into.position(into.limit());
    return true;
  }

  @Override
  public void read(long offset, ByteBuffer into) throws IOException {
    if (!into.isDirect()) {
      readThroughCopy(offset, into);
      return;
    }
    long at = offset;
    while (into.hasRemaining()) {
      long count;
      try {
        count = Posix.pread(fd, MemorySegment.ofBuffer(into).address(), into.remaining(), at);
      } finally {
        Reference.reachabilityFence(into);
      }
      if (count == -Posix.EINTR) {
        continue;
      }
      if (count < 0) {
        throw failure("read", at, (int) -count);
      }
      if (count == 0) {
        throw new EOFException(path + " ends at " + at + " bytes");
      }
      into.position(into.position() + (int) count);
      at += count;
    }
  }

  private void readThroughCopy(long offset, ByteBuffer into) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      ByteBuffer copy = arena.allocate(into.remaining()).asByteBuffer();
      read(offset, copy);
      into.put(copy.flip());
    }
  }

  @Override
  public void write(long offset, ByteBuffer... parts) throws IOException {
    try (Arena copies = Arena.ofConfined()) {
      long at = offset;
      int first = 0;
      while (first < parts.length) {
        if (!parts[first].hasRemaining()) {
          first++;
          continue;
        }
        long count = writeSome(at, parts, first, copies);
        if (count == -Posix.EINTR) {
          continue;
        }
        if (count <= 0) {
          throw failure("write", at, count == 0 ? Posix.EIO : (int) -count);
        }
        advance(parts, first, count);
        at += count;
      }
    }
  }

  private long writeSome(long at, ByteBuffer[] parts, int first, Arena copies) {
    Posix.Scratch scratch = Posix.Scratch.mine();
    int count = 0;
    for (int i = first; i < parts.length && count < Posix.MAX_PARTS; i++) {
      ByteBuffer part = parts[i];
      MemorySegment memory = MemorySegment.ofBuffer(part);
      if (!part.isDirect()) {
        MemorySegment copy = copies.allocate(part.remaining());
        memory = copy.copyFrom(memory);
      }
      scratch.part(count++, memory.address(), part.remaining());
    }
    try {
      return Posix.pwritev(fd, scratch, count, at);
    } finally {
      Reference.reachabilityFence(parts);
    }
  }

  private static void advance(ByteBuffer[] parts, int first, long count) {
    long left = count;
    for (int i = first; left > 0; i++) {
      int step = (int) Math.min(left, parts[i].remaining());
      parts[i].position(parts[i].position() + step);
      left -= step;
    }
  }

  @Override
  public void sync() throws IOException {
    int result = Posix.fdatasync(fd);
    if (result != 0) {
      // Never a NoSpaceException: what was to be written is lost, and trying again would lie.
      throw new IOException("cannot sync %s: %s".formatted(path, Errno.text(-result)));
    }
  }

  @Override
  public long size() throws IOException {
    long size = Posix.size(fd);
    if (size < 0) {
      throw failure("measure", 0, (int) -size);
    }
    return size;
  }

  @Override
  public void truncate(long size) throws IOException {
    int result = Posix.truncate(fd, size);
    if (result != 0) {
      throw failure("cut", size, -result);
    }
  }

  @Override
  public void punch(long offset, long length) throws IOException {
    int result = Posix.punch(fd, offset, length);
    if (result != 0 && result != -Posix.EOPNOTSUPP) {
      throw failure("give up space of", offset, -result);
    }
  }

  @Override
  public long allocated() throws IOException {
    long bytes = Posix.allocated(fd);
    if (bytes < 0) {
      throw failure("measure", 0, (int) -bytes);
    }
    return bytes;
  }

  @Override
  public void lock() throws IOException {
    ImageLock.take(fd, path);
  }

  @Override
  public void close() throws IOException {
    int open = fd;
    fd = -1;
    if (open >= 0) {
      int result = Posix.close(open);
      if (result != 0 && result != -Posix.EINTR) {
        throw failure("close", 0, -result);
      }
    }
  }

  private IOException failure(String what, long offset, int errno) {
    String message = "cannot %s %s at %d: %s".formatted(what, path, offset, Errno.text(errno));
    return Errno.noSpace(errno) ? new NoSpaceException(message) : new IOException(message);
  }
}
