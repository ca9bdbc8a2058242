// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.Optional;

/** The copying of a raw image into the store. Runs of zeros become holes. */
final class RawImport implements Closeable {
  private static final int PIECE = 64 << 10;
  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(PIECE).asReadOnlyBuffer();

  private final FileChannel source;
  private final HostFiles.Opener opener;
  private final long size;

  private RawImport(FileChannel source, HostFiles.Opener opener, long size) {
    this.source = source;
    this.opener = opener;
    this.size = size;
  }

  /** Opens the source, and refuses what cannot be a raw image of a disk. */
  static RawImport open(Path file, HostFiles.Opener opener) throws StoreException, IOException {
    if (Files.isDirectory(file)) {
      throw new StoreException(
          Kind.INVALID, file + " is a folder; name the image file that is in it");
    }
    FileChannel source = FileChannel.open(file, StandardOpenOption.READ);
    boolean taken = false;
    try {
      long size = source.size();
      if (size == 0) {
        throw new StoreException(Kind.INVALID, file + " is empty; it holds no disk");
      }
      Optional<SourceFormat> other = SourceFormat.of(source);
      if (other.isPresent()) {
        throw new StoreException(Kind.INVALID, file + " " + other.get().advice(file.toString()));
      }
      if (size % 512 != 0) {
        throw new StoreException(
            Kind.INVALID,
            "%s has %d bytes, which is no multiple of 512: it is cut off, or no raw disk image"
                .formatted(file, size));
      }
      if (size > Limits.MAX_DISK_BYTES) {
        throw new StoreException(
            Kind.INVALID, "%s has %d bytes; the largest disk is 64 TiB".formatted(file, size));
      }
      taken = true;
      return new RawImport(source, opener, size);
    } finally {
      if (!taken) {
        source.close();
      }
    }
  }

  long size() {
    return size;
  }

  /**
   * Copies, and makes the copy durable and read-only.
   *
   * @return the checksum of what was copied
   */
  String to(Path file, Progress progress) throws IOException {
    MessageDigest digest = sha256();
    ByteBuffer buffer = ByteBuffer.allocateDirect(Limits.COPY_BYTES);
    try (HostFile copy = opener.open(file, HostFiles.Mode.CREATE)) {
      ProgressClock clock = new ProgressClock(progress, size);
      long at = 0;
      while (at < size) {
        buffer.clear().limit((int) Math.min(buffer.capacity(), size - at));
        fill(buffer, at);
        digest.update(buffer.flip());
        buffer.rewind();
        writeData(copy, at, buffer);
        at += buffer.limit();
        clock.at(at);
      }
      copy.sync();
    }
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
    return HexFormat.of().formatHex(digest.digest());
  }

  private void fill(ByteBuffer buffer, long offset) throws IOException {
    while (buffer.hasRemaining()) {
      if (source.read(buffer, offset + buffer.position()) < 0) {
        throw new EOFException("it became shorter while it was read");
      }
    }
  }

  /** Leaves zeros out, but for those at the very end, which give the file its size. */
  private void writeData(HostFile copy, long at, ByteBuffer data) throws IOException {
    for (int from = 0; from < data.limit(); from += PIECE) {
      ByteBuffer piece = data.slice(from, Math.min(PIECE, data.limit() - from));
      boolean last = at + from + piece.limit() == size;
      if (last || piece.mismatch(ZEROS.slice(0, piece.limit())) >= 0) {
        copy.write(at + from, piece);
      }
    }
  }

  static void describe(Path file, HostFiles.Opener opener, GoldenVersion version)
      throws IOException {
    try (HostFile description = opener.open(file, HostFiles.Mode.CREATE)) {
      description.write(0, ByteBuffer.wrap(Sidecar.encode(version)));
      description.sync();
    }
  }

  static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.SECONDS);
  }

  /** The checksum of a file of the store. */
  static String checksum(Path file, HostFiles.Opener opener, long size, Progress progress)
      throws IOException {
    MessageDigest digest = sha256();
    ByteBuffer buffer = ByteBuffer.allocateDirect(Limits.COPY_BYTES);
    try (HostFile bytes = opener.open(file, HostFiles.Mode.READ)) {
      ProgressClock clock = new ProgressClock(progress, size);
      long at = 0;
      while (at < size) {
        buffer.clear().limit((int) Math.min(buffer.capacity(), size - at));
        bytes.read(at, buffer);
        digest.update(buffer.flip());
        at += buffer.limit();
        clock.at(at);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible); // every JDK has it
    }
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}
