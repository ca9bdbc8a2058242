// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.Usage;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.NoSpaceException;
import dev.rootstock.images.file.Space;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gives out clusters of the overlay's file and counts them ("Reference counts" in the format).
 *
 * <p>The counts in the file are ahead of use: a run of clusters is leased at a time, its counts
 * written, and the sync that goes before any map entry is written makes them durable. A crash leaks
 * the rest of a lease, a clean close gives it back. What is not counted is free, wherever it lies.
 * Used by one thread at a time, but for {@link #usage}.
 */
final class HostClusters {
  private static final int CHUNK_BYTES = 8192;

  private final HostFile file;
  private final Header header;

  /** Bytes that data and tables take, counted in sub-clusters, and may take. */
  private final Space space;

  /**
   * Where each refcount block is, up to the last that there is; 0 where there is none. Read when
   * first needed. The table in the file has its final size, most of it zeros: kept whole, it alone
   * would take 128 KiB of memory for every overlay.
   */
  private long @Nullable [] blocks;

  /** The lease: clusters that are counted and given to nobody yet. */
  private long next;

  private long leaseEnd;

  /** Below, nothing is free. */
  private long cursor;

  HostClusters(HostFile file, Header header, Space space) throws IOException {
    this.file = file;
    this.header = header;
    this.space = space;
    space.set(file.allocated());
  }

  /** What the overlay's owner takes, and may take; for any thread. */
  Usage usage() {
    return space.usage();
  }

  /** Counts bytes that are about to be written where nothing was. */
  void reserve(long bytes) throws NoSpaceException {
    space.take(bytes);
  }

  /** Counts bytes as given back. */
  void unreserve(long bytes) {
    space.giveBack(bytes);
  }

  /** A cluster that nothing names; its place in the file. */
  long allocate() throws IOException {
    if (next == leaseEnd) {
      lease();
    }
    long given = next;
    next = given + 1;
    return given << header.clusterBits();
  }

  /** Takes the cluster back that was given out last. */
  void takeBack(long place) {
    if (place >>> header.clusterBits() != next - 1) {
      throw new IllegalArgumentException("the last one was " + (next - 1));
    }
    next--;
  }

  private void lease() throws IOException {
    try (Scratch scratch = Scratch.take()) {
      lease(scratch.bytes(CHUNK_BYTES));
    }
  }

  private void lease(ByteBuffer counts) throws IOException {
    int perBlock = header.refcountsPerBlock();
    while (true) {
      int block = (int) Math.min(cursor / perBlock, Integer.MAX_VALUE);
      if (block >= tableEntries()) {
        throw new NoSpaceException("the overlay's refcount table is full");
      }
      if (block(block) == 0) {
        makeBlock(block);
      }
      int inBlock = (int) (cursor % perBlock);
      int chunk = Math.min(CHUNK_BYTES / Short.BYTES, perBlock - inBlock);
      file.read(block(block) + 2L * inBlock, counts.clear().limit(chunk * Short.BYTES));
      int first = 0;
      while (first < chunk && counts.getShort(first * Short.BYTES) != 0) {
        first++;
      }
      int end = first;
      while (end < chunk
          && end - first < Limits.LEASED_CLUSTERS
          && counts.getShort(end * Short.BYTES) == 0) {
        end++;
      }
      cursor += first;
      if (end > first) {
        checkFree(cursor, end - first);
        setCounts(cursor, end - first, (short) 1);
        next = cursor;
        cursor += end - first;
        leaseEnd = cursor;
        return;
      }
    }
  }

  /** Refuses to give out what a count of zero calls free and the header or the table names. */
  private void checkFree(long first, long count) throws IOException {
    long from = first << header.clusterBits();
    long to = (first + count) << header.clusterBits();
    long l1End = header.l1Offset() + 8L * header.l1Entries();
    long tableEnd =
        header.refcountTableOffset() + header.refcountTableClusters() * header.clusterBytes();
    boolean used =
        first == 0
            || (from < l1End && to > header.l1Offset())
            || (from < tableEnd && to > header.refcountTableOffset());
    for (long block : blocks()) {
      used |= block >= from && block < to && block != 0;
    }
    if (used) {
      throw new FormatException(
          "offset %d: counts of the file's own tables are zero".formatted(from));
    }
  }

  private long[] blocks() throws IOException {
    long[] table = blocks;
    if (table == null) {
      table = readTable();
      blocks = table;
    }
    return table;
  }

  private long[] readTable() throws IOException {
    try (Scratch scratch = Scratch.take()) {
      return readTable(scratch.bytes(CHUNK_BYTES));
    }
  }

  private long[] readTable(ByteBuffer in) throws IOException {
    long[] table = {};
    long size = file.size();
    for (int first = 0; first < tableEntries(); first += CHUNK_BYTES / Long.BYTES) {
      int count = Math.min(CHUNK_BYTES / Long.BYTES, tableEntries() - first);
      file.read(header.refcountTableOffset() + 8L * first, in.clear().limit(count * Long.BYTES));
      int last = -1;
      for (int i = 0; i < count; i++) {
        long block = in.getLong(i * Long.BYTES);
        if (block % header.clusterBytes() != 0
            || block < 0
            || block > size - header.clusterBytes()) {
          throw new FormatException(
              "offset %d: refcount block at %d, which is no cluster of the file's %d bytes"
                  .formatted(header.refcountTableOffset() + 8L * (first + i), block, size));
        }
        last = block != 0 ? i : last;
      }
      if (last >= 0) {
        table = Arrays.copyOf(table, first + last + 1);
        in.flip().asLongBuffer().get(table, first, last + 1);
      }
    }
    return table;
  }

  private int tableEntries() {
    return (int) (header.refcountTableClusters() * header.clusterBytes() / Long.BYTES);
  }

  /** Where a refcount block is, or 0. */
  private long block(long number) throws IOException {
    long[] table = blocks();
    return number < table.length ? table[(int) number] : 0;
  }

  /**
   * Makes a block of counts in the first cluster that it counts. It is durable before the table
   * names it, for a count that is read as zero would be corruption.
   */
  private void makeBlock(int block) throws IOException {
    long place = ((long) block * header.refcountsPerBlock()) << header.clusterBits();
    checkFree(place >>> header.clusterBits(), 1);
    reserve(header.clusterBytes());
    try {
      file.write(
          place,
          ByteBuffer.allocate(Short.BYTES).putShort(0, (short) 1),
          Scratch.zeros((int) header.clusterBytes() - Short.BYTES));
    } catch (IOException failure) {
      unreserve(header.clusterBytes());
      throw failure;
    }
    file.sync();
    file.write(
        header.refcountTableOffset() + 8L * block,
        ByteBuffer.allocate(Long.BYTES).putLong(0, place));
    long[] table = blocks();
    if (block >= table.length) {
      table = Arrays.copyOf(table, block + 1);
      blocks = table;
    }
    table[block] = place;
  }

  private void setCounts(long first, long count, short value) throws IOException {
    try (Scratch scratch = Scratch.take()) {
      setCounts(first, count, value, scratch);
    }
  }

  private void setCounts(long first, long count, short value, Scratch scratch) throws IOException {
    int perBlock = header.refcountsPerBlock();
    long at = first;
    long end = first + count;
    while (at < end) {
      int inBlock = (int) (at % perBlock);
      int run = (int) Math.min(end - at, Math.min(CHUNK_BYTES / 2, perBlock - inBlock));
      ByteBuffer counts = scratch.bytes(run * Short.BYTES);
      while (counts.hasRemaining()) {
        counts.putShort(value);
      }
      file.write(block(at / perBlock) + 2L * inBlock, counts.flip());
      at += run;
    }
  }

  /**
   * Makes clusters free that no durable entry names any more.
   *
   * @param places in the file, sorted
   */
  void free(long[] places) throws IOException {
    for (int i = 0; i < places.length; ) {
      int from = i++;
      while (i < places.length && places[i] == places[i - 1] + header.clusterBytes()) {
        i++;
      }
      long first = places[from] >>> header.clusterBits();
      file.punch(places[from], (long) (i - from) << header.clusterBits());
      setCounts(first, i - from, (short) 0);
      cursor = Math.min(cursor, first);
    }
  }

  /** Frees what is counted and not named: nothing else has been given out yet, or it is leased. */
  void reclaim(ClusterMap map) throws IOException {
    giveBack();
    BitSet named = Census.take(file, header, map, blocks());
    if (named == null) {
      return;
    }
    try (Scratch scratch = Scratch.take()) {
      free(leaked(named, scratch.bytes(CHUNK_BYTES)));
    }
    giveBack();
  }

  /** What is counted and not named, sorted. */
  private long[] leaked(BitSet named, ByteBuffer counts) throws IOException {
    int perBlock = header.refcountsPerBlock();
    // A lease is counted whole, and the file reaches as far as it has been written.
    long end = (long) lastBlock() * perBlock + perBlock;
    List<Long> leaked = new ArrayList<>();
    for (long at = 0; at < end; at += CHUNK_BYTES / Short.BYTES) {
      long block = block(at / perBlock);
      if (block == 0) {
        continue;
      }
      file.read(block + 2 * (at % perBlock), counts.clear());
      for (int i = 0; i < CHUNK_BYTES / Short.BYTES && at + i < end; i++) {
        if (counts.getShort(i * Short.BYTES) != 0 && !named.get((int) (at + i))) {
          leaked.add((at + i) << header.clusterBits());
        }
      }
    }
    return leaked.stream().mapToLong(Long::longValue).toArray();
  }

  /** The last block of counts that there is. */
  private int lastBlock() throws IOException {
    return Math.max(blocks().length - 1, 0);
  }

  /** Gives back what was leased and not used, and cuts the file off behind the last cluster. */
  void giveBack() throws IOException {
    if (blocks == null) {
      return; // nothing was given out
    }
    if (next < leaseEnd) {
      setCounts(next, leaseEnd - next, (short) 0);
      cursor = Math.min(cursor, next);
      leaseEnd = next;
    }
    file.truncate(lastCounted(Header.ceilDiv(file.size(), header.clusterBytes())));
  }

  /** Where the last cluster ends that is counted, of those below {@code end}. */
  private long lastCounted(long end) throws IOException {
    try (Scratch scratch = Scratch.take()) {
      return lastCounted(end, scratch.bytes(CHUNK_BYTES));
    }
  }

  private long lastCounted(long end, ByteBuffer counts) throws IOException {
    int perBlock = header.refcountsPerBlock();
    long at = end;
    while (at > 0) {
      int inBlock = (int) ((at - 1) % perBlock) + 1;
      int chunk = Math.min(CHUNK_BYTES / Short.BYTES, inBlock);
      long block = block((at - 1) / perBlock);
      if (block != 0) {
        file.read(block + 2L * (inBlock - chunk), counts.clear().limit(chunk * Short.BYTES));
        for (int i = chunk - 1; i >= 0; i--) {
          if (counts.getShort(i * Short.BYTES) != 0) {
            return (at - chunk + i + 1) << header.clusterBits();
          }
        }
      }
      at -= chunk;
    }
    return 0;
  }
}
