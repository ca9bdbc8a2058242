// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import com.github.luben.zstd.ZstdIOException;
import dev.rootstock.images.golden.GoldenImage;
import dev.rootstock.images.golden.ImageFormatException;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.zip.ZipException;
import org.tukaani.xz.XZIOException;

/** The bytes of a disk that is copied, from the first to the last. */
sealed interface DiskSource extends Closeable {

  /**
   * Fills the remaining bytes of {@code into}, fewer at the end of the disk only.
   *
   * @return whether there was at least one
   */
  boolean read(ByteBuffer into) throws IOException;

  /** What {@link #done} comes to; of a packed file, its packed bytes. */
  long total();

  /** How far it has come. */
  long done() throws IOException;

  /** A raw file. */
  final class Raw implements DiskSource {
    private final FileChannel file;
    private final long size;
    private long at;

    Raw(FileChannel file) throws IOException {
      this.file = file;
      this.size = file.size();
    }

    @Override
    public boolean read(ByteBuffer into) throws IOException {
      into.limit((int) Math.min(into.limit(), into.position() + size - at));
      boolean any = into.hasRemaining();
      while (into.hasRemaining()) {
        int count = file.read(into, at);
        if (count < 0) {
          throw new EOFException("it became shorter while it was read");
        }
        at += count;
      }
      return any;
    }

    @Override
    public long total() {
      return size;
    }

    @Override
    public long done() {
      return at;
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  /** An image that is read by us. */
  final class Image implements DiskSource {
    private final GoldenImage image;
    private long at;

    Image(GoldenImage image) {
      this.image = image;
    }

    @Override
    public boolean read(ByteBuffer into) throws IOException {
      into.limit((int) Math.min(into.limit(), into.position() + image.size() - at));
      int count = into.remaining();
      image.read(at, into);
      at += count;
      return count > 0;
    }

    @Override
    public long total() {
      return image.size();
    }

    @Override
    public long done() {
      return at;
    }

    @Override
    public void close() throws IOException {
      image.close();
    }
  }

  /** A compressed raw file. */
  final class Packed implements DiskSource {
    private final FileChannel file;
    private final InputStream unpacked;
    private final long size;
    private final byte[] piece = new byte[64 << 10];

    Packed(FileChannel file, InputStream unpacked) throws IOException {
      this.file = file;
      this.unpacked = unpacked;
      this.size = file.size();
    }

    @Override
    public boolean read(ByteBuffer into) throws IOException {
      boolean any = false;
      while (into.hasRemaining()) {
        int count = unpack(Math.min(piece.length, into.remaining()));
        if (count < 0) {
          break;
        }
        into.put(piece, 0, count);
        any |= count > 0;
      }
      into.limit(into.position());
      return any;
    }

    private int unpack(int most) throws IOException {
      try {
        return unpacked.read(piece, 0, most);
      } catch (IOException failure) {
        throw damaged(failure);
      }
    }

    /** What is wrong with the compressed data; any other failure as it is. */
    static IOException damaged(IOException failure) {
      return switch (failure) {
        case EOFException _ ->
            new ImageFormatException("it ends inside its compressed data: copy it again");
        case ZipException _, XZIOException _, ZstdIOException _ ->
            new ImageFormatException(
                "it cannot be unpacked (%s): copy it again, or unpack it elsewhere"
                    .formatted(failure.getMessage()));
        default -> failure;
      };
    }

    @Override
    public long total() {
      return size;
    }

    @Override
    public long done() throws IOException {
      return Math.min(size - 1, file.position()); // what was read ahead is not done yet
    }

    @Override
    public void close() throws IOException {
      try (file) {
        unpacked.close();
      }
    }
  }
}
