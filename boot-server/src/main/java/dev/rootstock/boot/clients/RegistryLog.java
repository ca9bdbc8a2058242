// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.rootstock.boot.Limits;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file of records that only grows at its end, until {@link #replace} puts a new one in its place.
 *
 * <p>One record is one line: eight hexadecimal digits of CRC32C, a space, eight of the content's
 * length, a space, the content, a newline. The checksum covers the length and the content; the
 * content holds no newline. So a person can read the file, and a damaged record is told from a torn
 * one: torn is only a last record whose end never reached the disk, and that one was never
 * acknowledged. Everything else that does not add up is damage, which only a person may judge.
 *
 * <p>A record is one commit, however many changes it holds: were a commit two records, power loss
 * could keep the second and lose the first, and that would look like damage.
 *
 * <p>Not safe for use by several threads.
 */
public final class RegistryLog implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RegistryLog.class);
  private static final int HEAD_BYTES = 18;
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  private final Path file;
  private FileChannel channel;
  private long length;
  private boolean failed;

  private RegistryLog(Path file, FileChannel channel, long length) {
    this.file = file;
    this.channel = channel;
    this.length = length;
  }

  /** Given each record's content in order; what it throws makes the record a corrupt one. */
  public interface Reader {
    void record(byte[] content) throws IOException;
  }

  /** Makes the file with one record, durably and all at once; nobody ever sees a part of it. */
  public static void create(Path file, byte[] first) throws IOException {
    Path fresh = beside(file);
    try (FileChannel channel = openFresh(fresh)) {
      writeFully(channel, ByteBuffer.wrap(frame(first)), 0);
      channel.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    syncFolder(file);
  }

  /**
   * Reads all records and makes ready to append; a torn last record is cut off, with a warning.
   *
   * @throws RegistryException naming the file and the offset of what is damaged
   */
  public static RegistryLog open(Path file, Reader reader) throws IOException {
    Files.deleteIfExists(beside(file));
    if (hasModes(file)) {
      // A file of an older Rootstock, which held no secrets, was open to all.
      Files.setPosixFilePermissions(file, OWNER_ONLY);
    }
    long whole = replay(file, reader);
    FileChannel channel = FileChannel.open(file, READ, WRITE);
    try {
      if (whole < channel.size()) {
        log.warn(
            "{}: the last record (at byte {}, {} bytes) was never completed; it is dropped",
            file,
            whole,
            channel.size() - whole);
        channel.truncate(whole);
        channel.force(true);
      }
      return new RegistryLog(file, channel, whole);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  public long length() {
    return length;
  }

  /** Appends one record and makes it durable. After a failure nothing of it stays in the file. */
  public void append(byte[] content) throws IOException {
    usable();
    byte[] frame = frame(content);
    try {
      writeFully(channel, ByteBuffer.wrap(frame), length);
    } catch (IOException e) {
      cutBack();
      throw new RegistryException(file + " cannot be written: " + e.getMessage(), e);
    }
    try {
      channel.force(false);
    } catch (IOException e) {
      // What a failed sync left on the disk nobody knows, and a second one would lie about it.
      failed = true;
      throw new RegistryException(file + " cannot be made durable: " + e.getMessage(), e);
    }
    length += frame.length;
  }

  /** Puts a new file of these records in the place of the old one, durably and all at once. */
  public void replace(Iterable<byte[]> contents) throws IOException {
    usable();
    Path fresh = beside(file);
    FileChannel channelOfFresh = openFresh(fresh);
    long end = 0;
    try {
      for (byte[] content : contents) {
        byte[] frame = frame(content);
        writeFully(channelOfFresh, ByteBuffer.wrap(frame), end);
        end += frame.length;
      }
      channelOfFresh.force(true);
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      channelOfFresh.close();
      Files.deleteIfExists(fresh);
      throw e;
    }
    channel.close();
    channel = channelOfFresh;
    length = end;
    try {
      syncFolder(file);
    } catch (IOException e) {
      // Power loss could bring the old file back, without what is appended from now on.
      failed = true;
      throw e;
    }
  }

  /** Nothing more is written: what the file holds is no longer known for sure. */
  public void fail() {
    failed = true;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private void usable() throws IOException {
    if (failed) {
      throw new RegistryException(
          file + " failed to reach the disk before: nothing more is written until a restart");
    }
  }

  private void cutBack() {
    try {
      channel.truncate(length);
    } catch (IOException e) {
      failed = true;
    }
  }

  private static long replay(Path file, Reader reader) throws IOException {
    long offset = 0;
    try (InputStream in = Files.newInputStream(file)) {
      Lines lines = new Lines(in, file);
      ByteArrayOutputStream line = new ByteArrayOutputStream(1 << 12);
      while (true) {
        boolean ended = lines.read(line, offset);
        if (line.size() == 0 && !ended) {
          return offset;
        }
        byte[] content = content(line.toByteArray());
        if (content == null || !ended) {
          // A line that ended and has others behind it was once whole, so it is damaged.
          boolean last = !ended || !lines.more();
          if (!last || offset == 0 || holdsWholeRecord(line.toByteArray())) {
            throw corrupt(file, offset, "its checksum is wrong", null);
          }
          return offset;
        }
        try {
          reader.record(content);
        } catch (RegistryException e) {
          throw e;
        } catch (IOException | IllegalArgumentException e) {
          throw corrupt(file, offset, String.valueOf(e.getMessage()), e);
        }
        offset += line.size() + 1L;
      }
    }
  }

  /** A file's lines, looked for in large pieces: a start goes through megabytes of them. */
  private static final class Lines {
    private final InputStream in;
    private final Path file;
    private final byte[] piece = new byte[1 << 16];
    private int next;
    private int end;

    Lines(InputStream in, Path file) {
      this.in = in;
      this.file = file;
    }

    /** Reads up to a newline, which is not kept; false when the file ended first. */
    boolean read(ByteArrayOutputStream line, long at) throws IOException {
      line.reset();
      while (more()) {
        int stop = next;
        while (stop < end && piece[stop] != '\n') {
          stop++;
        }
        if (line.size() + stop - next > HEAD_BYTES + Limits.REGISTRY_RECORD_BYTES) {
          throw corrupt(file, at, "it is longer than any record", null);
        }
        line.write(piece, next, stop - next);
        next = stop;
        if (stop < end) {
          next++;
          return true;
        }
      }
      return false;
    }

    /** Whether anything follows. */
    boolean more() throws IOException {
      if (next == end) {
        next = 0;
        end = Math.max(0, in.read(piece));
      }
      return next < end;
    }
  }

  private static byte @Nullable [] content(byte[] line) {
    if (line.length < HEAD_BYTES || line[8] != ' ' || line[17] != ' ') {
      return null;
    }
    long sum = hex(line, 0);
    long length = hex(line, 9);
    if (length != line.length - HEAD_BYTES || sum != checksum(line, line.length)) {
      return null;
    }
    byte[] content = new byte[(int) length];
    System.arraycopy(line, HEAD_BYTES, content, 0, content.length);
    return content;
  }

  /** Whether the line begins with a whole record: then its newline was damaged, not torn off. */
  private static boolean holdsWholeRecord(byte[] line) {
    if (line.length < HEAD_BYTES || line[8] != ' ' || line[17] != ' ') {
      return false;
    }
    long length = hex(line, 9);
    return length >= 0
        && length < line.length - HEAD_BYTES
        && hex(line, 0) == checksum(line, HEAD_BYTES + (int) length);
  }

  private static byte[] frame(byte[] content) {
    if (content.length > Limits.REGISTRY_RECORD_BYTES) {
      throw new IllegalArgumentException("a record of " + content.length + " bytes");
    }
    byte[] frame = new byte[HEAD_BYTES + content.length + 1];
    put(frame, 9, content.length);
    frame[8] = ' ';
    frame[17] = ' ';
    System.arraycopy(content, 0, frame, HEAD_BYTES, content.length);
    frame[frame.length - 1] = '\n';
    put(frame, 0, checksum(frame, frame.length - 1));
    return frame;
  }

  private static long checksum(byte[] line, int end) {
    CRC32C sum = new CRC32C();
    sum.update(line, 9, end - 9);
    return sum.getValue();
  }

  private static void put(byte[] into, int at, long value) {
    byte[] text = String.format("%08x", value).getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(text, 0, into, at, text.length);
  }

  private static long hex(byte[] line, int at) {
    long value = 0;
    for (int i = at; i < at + 8; i++) {
      int digit = "0123456789abcdef".indexOf(line[i]);
      if (digit < 0) {
        return -1;
      }
      value = (value << 4) | digit;
    }
    return value;
  }

  private static RegistryException corrupt(
      Path file, long offset, String why, @Nullable Throwable cause) {
    return new RegistryException(
        "%s is damaged: the record at byte %d cannot be read (%s); restore the file from a backup"
            .formatted(file, offset, why),
        cause);
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes, long at)
      throws IOException {
    long next = at;
    while (bytes.hasRemaining()) {
      next += channel.write(bytes, next);
    }
  }

  /** A new file, which only its owner may read from its first byte on: it holds secrets. */
  private static FileChannel openFresh(Path fresh) throws IOException {
    Files.deleteIfExists(fresh);
    Set<StandardOpenOption> options = Set.of(CREATE_NEW, READ, WRITE);
    return hasModes(fresh)
        ? FileChannel.open(fresh, options, PosixFilePermissions.asFileAttribute(OWNER_ONLY))
        : FileChannel.open(fresh, options);
  }

  private static boolean hasModes(Path file) {
    return file.getFileSystem().supportedFileAttributeViews().contains("posix");
  }

  private static Path beside(Path file) {
    return file.resolveSibling(file.getFileName() + ".new");
  }

  private static void syncFolder(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      try (FileChannel channel = FileChannel.open(folder, READ)) {
        channel.force(true);
      }
    }
  }
}
