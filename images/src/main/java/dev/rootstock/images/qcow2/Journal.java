// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.Usage;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.NoSpaceException;
import dev.rootstock.images.file.Space;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.IntToLongFunction;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an overlay's map has become since its file was last brought up to date, for a process that
 * comes after this one on the same running kernel. Nothing here is ever synced: the page cache
 * keeps it when the process is killed, and after a power loss it is of no use.
 *
 * <p>The file has two halves. Each holds the records of one epoch behind a header, so that one can
 * grow while the map is being written for the other. A record is 32 bytes: cluster, place, bitmap,
 * and a checksum that goes on from that of the record before, so what is left of older records, or
 * of an append that failed, is never taken for the next one. A record of a new L2 table has -1
 * minus its L1 index for a cluster.
 */
final class Journal {
  private static final Logger LOG = LoggerFactory.getLogger(Journal.class);
  static final int RECORD_BYTES = 32;
  private static final int HEADER_BYTES = 64;
  private static final long HALF_BYTES =
      HEADER_BYTES + (long) RECORD_BYTES * Limits.JOURNAL_RECORDS;
  private static final long BLOCK_BYTES = 4096;
  private static final long MAGIC = 0x5253544b4a524e32L; // "RSTKJRN2"
  private static final int BUFFER_BYTES = HEADER_BYTES + 1024 * RECORD_BYTES;

  private static final ThreadLocal<ByteBuffer> BUFFER =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(BUFFER_BYTES));

  /** Told of the records of a journal, in the order in which they were written. */
  interface Reader {
    void record(long cluster, long place, long bitmap) throws IOException;
  }

  private final Path path;
  private final HostFiles.Opener opener;
  private final UUID overlay;
  private long epoch;
  private @Nullable HostFile file;
  private boolean made;

  /** Of the current half: how many records, the checksum of the last, anything written at all. */
  private int records;

  private long checksum;
  private boolean touched;

  /** How many records it may come to before a checkpoint. */
  private int most = Limits.LEAST_JOURNAL_RECORDS;

  /** What the file takes, and how much of each half is counted. */
  private final Space space;

  private final long[] counted = new long[2];

  /** It could not be deleted once. Then it waits for the end: an idle moment comes too often. */
  private boolean stays;

  /** A journal that begins with an epoch; its file is made by the first record. */
  Journal(Path path, HostFiles.Opener opener, UUID overlay, long epoch, Space space) {
    this.space = space;
    this.path = path;
    this.opener = opener;
    this.overlay = overlay;
    this.epoch = epoch;
  }

  long epoch() {
    return epoch;
  }

  /** Whether a replay could find anything in this epoch, be it of an append that failed. */
  boolean touched() {
    return touched;
  }

  /** Whether a round may go on without a new epoch. */
  boolean hasRoom() {
    return records + Limits.ROUND_RECORDS <= most;
  }

  /** From now on records belong to the next epoch, and stand in the other half. */
  void nextEpoch() {
    epoch++;
    records = 0;
    touched = false;
  }

  /**
   * Adds records: all of them, or none that a replay would go on from.
   *
   * @param tables L1 indexes of new L2 tables
   * @param tablePlace where the table of an index is
   * @throws NoSpaceException when there is no room for them
   */
  void append(ChangeSet changes, List<Integer> tables, IntToLongFunction tablePlace)
      throws IOException {
    int total = tables.size() + changes.size();
    if (records + total > Limits.JOURNAL_RECORDS) {
      throw new NoSpaceException("the journal " + path + " is full");
    }
    HostFile out = file;
    if (out == null) {
      out = opener.open(path, made ? HostFiles.Mode.READ_WRITE : HostFiles.Mode.CREATE);
      file = out;
      made = true;
    }
    if (records == 0) {
      most = most();
    }
    count(HEADER_BYTES + (long) (records + total) * RECORD_BYTES);
    touched = true;
    long start = (epoch & 1) * HALF_BYTES;
    if (records > 0) {
      start += HEADER_BYTES + (long) records * RECORD_BYTES;
    }
    try {
      checksum = write(out, start, changes, tables, tablePlace);
      records += total;
    } catch (IOException failure) {
      forget(out, start);
      throw failure;
    }
  }

  /** What a client writes and gives up again must not fill its limit with records of that. */
  private int most() {
    Usage usage = space.usage();
    long left = (usage.limitBytes() - usage.allocatedBytes()) / Limits.JOURNAL_SHARE;
    return Math.clamp(left / RECORD_BYTES, Limits.LEAST_JOURNAL_RECORDS, Limits.JOURNAL_RECORDS);
  }

  /**
   * Counts the current half as that long, in blocks; what was written once is kept. No limit is
   * asked: a client that has come to its own could not even discard, and a journal has its bound.
   */
  private void count(long bytes) {
    int half = (int) (epoch & 1);
    long blocks = Math.ceilDiv(bytes, BLOCK_BYTES) * BLOCK_BYTES;
    if (blocks > counted[half]) {
      counted[half] = blocks;
      space.set(counted[0] + counted[1]);
    }
  }

  /** Returns the checksum of the last record. */
  private long write(
      HostFile out,
      long start,
      ChangeSet changes,
      List<Integer> tables,
      IntToLongFunction tablePlace)
      throws IOException {
    ByteBuffer buffer = BUFFER.get().clear();
    long at = start;
    long chain = checksum;
    if (records == 0) {
      putHeader(buffer);
      chain = buffer.getInt(HEADER_BYTES - 4);
    }
    for (int index : tables) {
      chain = putRecord(buffer, -1L - index, tablePlace.applyAsLong(index), 0, chain);
      at = writeIfFull(out, at, buffer);
    }
    for (int i = 0; i < changes.size(); i++) {
      chain = putRecord(buffer, changes.cluster(i), changes.place(i), changes.bitmap(i), chain);
      at = writeIfFull(out, at, buffer);
    }
    out.write(at, buffer.flip());
    return chain;
  }

  private static long writeIfFull(HostFile out, long at, ByteBuffer buffer) throws IOException {
    if (buffer.remaining() >= RECORD_BYTES) {
      return at;
    }
    int bytes = buffer.flip().remaining();
    out.write(at, buffer);
    buffer.clear();
    return at + bytes;
  }

  /**
   * Sees to it, where that is possible, that no replay finds what an append has written in part.
   */
  private static void forget(HostFile out, long start) {
    try {
      out.write(start, Scratch.zeros(RECORD_BYTES));
    } catch (IOException nothingThere) {
      // Then a replay may find writes that were said to have failed: late, and not wrong.
    }
  }

  private void putHeader(ByteBuffer out) {
    UUID boot = opener.boot();
    int start = out.position();
    out.putLong(MAGIC);
    out.putLong(overlay.getMostSignificantBits()).putLong(overlay.getLeastSignificantBits());
    out.putLong(boot.getMostSignificantBits()).putLong(boot.getLeastSignificantBits());
    out.putLong(epoch).putLong(0).putInt(0);
    out.putInt(crc(out, start, HEADER_BYTES - 4, 0));
  }

  private static long putRecord(ByteBuffer out, long cluster, long place, long bits, long chain) {
    int start = out.position();
    out.putLong(cluster).putLong(place).putLong(bits);
    int sum = crc(out, start, RECORD_BYTES - 8, chain);
    out.putLong(Integer.toUnsignedLong(sum));
    return sum;
  }

  private static int crc(ByteBuffer bytes, int start, int length, long chain) {
    CRC32C crc = new CRC32C();
    crc.update((int) chain);
    crc.update((int) chain >>> 8);
    crc.update((int) chain >>> 16);
    crc.update((int) chain >>> 24);
    crc.update(bytes.duplicate().position(start).limit(start + length));
    return (int) crc.getValue();
  }

  /**
   * Reads what a process before this one left for an overlay's present state.
   *
   * @param epoch that of the overlay's file; records of the one after it count too, for its half
   *     may have been begun before the file had all of this one
   * @return how many records there were
   */
  static int read(Path path, HostFiles.Opener opener, UUID overlay, long epoch, Reader reader)
      throws IOException {
    try (HostFile file = opener.open(path, HostFiles.Mode.READ)) {
      return readHalf(file, opener.boot(), overlay, epoch, reader)
          + readHalf(file, opener.boot(), overlay, epoch + 1, reader);
    }
  }

  private static int readHalf(HostFile file, UUID boot, UUID overlay, long epoch, Reader reader)
      throws IOException {
    long start = (epoch & 1) * HALF_BYTES;
    long left = Math.min(file.size() - start, HALF_BYTES) - HEADER_BYTES;
    if (left < 0) {
      return 0;
    }
    try (Scratch scratch = Scratch.take()) {
      return readHalf(file, boot, overlay, epoch, reader, left, scratch);
    }
  }

  private static int readHalf(
      HostFile file,
      UUID boot,
      UUID overlay,
      long epoch,
      Reader reader,
      long bytesLeft,
      Scratch scratch)
      throws IOException {
    long start = (epoch & 1) * HALF_BYTES;
    long left = bytesLeft;
    ByteBuffer in = scratch.bytes(BUFFER_BYTES);
    file.read(start, in.limit(HEADER_BYTES));
    in.flip();
    if (in.getLong() != MAGIC
        || !new UUID(in.getLong(), in.getLong()).equals(overlay)
        || !new UUID(in.getLong(), in.getLong()).equals(boot)
        || in.getLong() != epoch
        || in.getInt(HEADER_BYTES - 4) != crc(in, 0, HEADER_BYTES - 4, 0)) {
      return 0;
    }
    long chain = in.getInt(HEADER_BYTES - 4);
    int found = 0;
    for (long at = start + HEADER_BYTES; left >= RECORD_BYTES; ) {
      int bytes = (int) Math.min(left, BUFFER_BYTES) / RECORD_BYTES * RECORD_BYTES;
      file.read(at, in.clear().limit(bytes));
      in.flip();
      while (in.hasRemaining()) {
        int record = in.position();
        int sum = crc(in, record, RECORD_BYTES - 8, chain);
        if (in.getLong(record + 24) != Integer.toUnsignedLong(sum)) {
          return found;
        }
        chain = sum;
        reader.record(in.getLong(record), in.getLong(record + 8), in.getLong(record + 16));
        found++;
        in.position(record + RECORD_BYTES);
      }
      at += bytes;
      left -= bytes;
    }
    return found;
  }

  /**
   * Its overlay is up to date, and idle for now: holds no descriptor, and not much space. A long
   * file that cannot be deleted stays, and counts; it is no reason to stop its disk.
   */
  void rest() throws IOException {
    close();
    if (!touched && !stays && counted[0] + counted[1] > Limits.IDLE_JOURNAL_BYTES) {
      try {
        delete();
      } catch (IOException failure) {
        stays = true;
        LOG.warn("{} is not needed and could not be deleted: {}", path, failure.toString());
      }
    }
  }

  /** Takes the file away: its overlay is up to date. */
  void delete() throws IOException {
    close();
    opener.delete(path);
    made = false;
    Arrays.fill(counted, 0);
    space.set(0);
  }

  /** Holds no file until the next record; what has been written stays. */
  void close() throws IOException {
    HostFile open = file;
    file = null;
    if (open != null) {
      open.close();
    }
  }
}
