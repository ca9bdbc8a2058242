// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.file.HostFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Where every guest cluster is: the L1 table, and L2 tables as far as they are in memory.
 *
 * <p>Looking up is pure and safe on any thread. Loading a table and changing one exclude each other
 * by a lock, and a change goes to the file and to memory inside it; so a table that comes into
 * memory at any time is either changed with the others or read after the change.
 */
final class ClusterMap {
  private final HostFile file;
  private final Header header;
  private final TableCache cache;
  private final AtomicLongArray l1;
  private final AtomicReferenceArray<TableCache.@Nullable Table> tables;
  private final ReentrantLock changing = new ReentrantLock();
  private final int clusterBits;
  private final int l2Bits;

  ClusterMap(HostFile file, Header header, TableCache cache) throws IOException {
    this.file = file;
    this.header = header;
    this.cache = cache;
    clusterBits = header.clusterBits();
    l2Bits = clusterBits - 3;
    l1 = new AtomicLongArray(readLongs(header.l1Offset(), header.l1Entries()));
    tables = new AtomicReferenceArray<>(header.l1Entries());
    long size = file.size();
    for (int i = 0; i < l1.length(); i++) {
      checkL1(i, l1.get(i), size);
    }
  }

  /** The entry of a cluster, or {@link L2Entry#UNKNOWN} when its table is not in memory. */
  long entry(long cluster) {
    int index = (int) (cluster >>> l2Bits);
    TableCache.Table table = tables.get(index);
    if (table == null) {
      // An absent table stands for entries of zero. L1 is read second: when it names a table that
      // a change has just made, the caller is sent to load it.
      return l1.get(index) == 0 ? L2Entry.UNALLOCATED : L2Entry.UNKNOWN;
    }
    if (!table.used) {
      table.used = true;
    }
    return table.entries.get((int) cluster & ((1 << l2Bits) - 1));
  }

  /** The entry of a cluster, its table loaded when need be. */
  long entryOrLoad(long cluster) throws IOException {
    long entry = entry(cluster);
    while (entry == L2Entry.UNKNOWN) {
      load((int) (cluster >>> l2Bits));
      entry = entry(cluster);
    }
    return entry;
  }

  /**
   * How far from {@code at} the bytes are of the same kind and, when they stand in the file,
   * contiguous there.
   *
   * @param entry the entry of the cluster of {@code at}
   * @return bytes, 1 to {@code most}
   */
  long run(long at, long most, long entry) {
    long cluster = at >>> clusterBits;
    long end = (cluster + 1) << clusterBits;
    boolean data = L2Entry.isData(entry);
    boolean zero = L2Entry.isZero(entry);
    long host = L2Entry.host(entry);
    while (end - at < most) {
      cluster++;
      long next = entry(cluster);
      if (next == L2Entry.UNKNOWN
          || L2Entry.isData(next) != data
          || L2Entry.isZero(next) != zero
          || (data && L2Entry.host(next) != (host += 1L << clusterBits))) {
        break;
      }
      end += 1L << clusterBits;
    }
    return Math.min(end - at, most);
  }

  /** What the bytes from {@code at} on are made of, or null when that is not in memory. */
  @Nullable Mapping lookup(GuestOffset at, long length) {
    long entry = entry(at.value() >>> clusterBits);
    return entry == L2Entry.UNKNOWN ? null : mapping(at, length, entry);
  }

  /** What the bytes from {@code at} on are made of. */
  Mapping lookupOrLoad(GuestOffset at, long length) throws IOException {
    return mapping(at, length, entryOrLoad(at.value() >>> clusterBits));
  }

  private Mapping mapping(GuestOffset at, long length, long entry) {
    long run = run(at.value(), length, entry);
    if (L2Entry.isZero(entry)) {
      return new Mapping.Zero(run);
    }
    if (L2Entry.isData(entry)) {
      long inside = at.value() & (header.clusterBytes() - 1);
      return new Mapping.Data(new HostOffset(L2Entry.host(entry) + inside), run);
    }
    return new Mapping.Backing(run);
  }

  private void load(int index) throws IOException {
    changing.lock();
    try {
      if (tables.get(index) != null || l1.get(index) == 0) {
        return;
      }
      long at = L2Entry.host(l1.get(index));
      long[] entries = readLongs(at, header.l2Entries());
      long size = file.size();
      for (int i = 0; i < entries.length; i++) {
        checkL2(at + 8L * i, entries[i], size);
      }
      TableCache.Table table = new TableCache.Table(this, index, new AtomicLongArray(entries));
      tables.set(index, table);
      cache.add(table);
    } finally {
      changing.unlock();
    }
  }

  /** Called by the cache, perhaps by another overlay's thread. */
  void forget(TableCache.Table table) {
    tables.compareAndSet(table.l1Index, table, null);
  }

  /** Whether the table of this part of the disk has a place in the file. */
  boolean hasTable(int l1Index) {
    return l1.get(l1Index) != 0;
  }

  int l1Index(long cluster) {
    return (int) (cluster >>> l2Bits);
  }

  /**
   * Writes entries into tables that exist, then into memory.
   *
   * @param changes by guest cluster
   */
  void publish(SortedMap<Long, Long> changes) throws IOException {
    changing.lock();
    try {
      for (ChangeRuns.Run run : ChangeRuns.of(changes, l2Bits)) {
        int index = l1Index(run.firstCluster);
        int slot = (int) run.firstCluster & ((1 << l2Bits) - 1);
        long table = L2Entry.host(l1.get(index));
        writeOrForget(table + 8L * slot, run.entries, index);
        TableCache.Table loaded = tables.get(index);
        for (int i = 0; loaded != null && i < run.entries.length; i++) {
          loaded.entries.set(slot + i, run.entries[i]);
        }
      }
    } finally {
      changing.unlock();
    }
  }

  /** Puts a new, filled and durable L2 table into its place. */
  void publishTable(int l1Index, HostOffset table) throws IOException {
    changing.lock();
    try {
      long at = header.l1Offset() + 8L * l1Index;
      try {
        file.write(at, longs(new long[] {L2Entry.data(table)}));
      } catch (IOException failed) {
        l1.set(l1Index, readLongs(at, 1)[0]);
        throw failed;
      }
      l1.set(l1Index, L2Entry.data(table));
    } finally {
      changing.unlock();
    }
  }

  /** A write that failed may have been done in part: what counts then is what the file says. */
  private void writeOrForget(long at, long[] entries, int index) throws IOException {
    try {
      file.write(at, longs(entries));
    } catch (IOException failed) {
      tables.set(index, null);
      throw failed;
    }
  }

  /** Gives the tables up: whoever still holds this map holds no memory that nobody counts. */
  void close() {
    cache.removeAll(this);
    for (int i = 0; i < tables.length(); i++) {
      tables.set(i, null);
    }
  }

  private void checkL1(int index, long entry, long size) throws FormatException {
    if (entry == 0) {
      return;
    }
    String where = "offset %d: L1 entry %#x ".formatted(header.l1Offset() + 8L * index, entry);
    if (L2Entry.hasReservedBits(entry)
        || L2Entry.isZero(entry)
        || (entry & (L2Entry.COPIED | L2Entry.COMPRESSED)) != L2Entry.COPIED) {
      throw new FormatException(where + "has flags that an overlay's table cannot have");
    }
    checkPlace(where, L2Entry.host(entry), size);
  }

  private void checkL2(long at, long entry, long size) throws FormatException {
    if (entry == L2Entry.UNALLOCATED || entry == L2Entry.ZERO) {
      return;
    }
    String where = "offset %d: L2 entry %#x ".formatted(at, entry);
    if (L2Entry.hasReservedBits(entry)
        || (entry & (L2Entry.COPIED | L2Entry.COMPRESSED)) != L2Entry.COPIED) {
      throw new FormatException(where + "has flags that an overlay's cluster cannot have");
    }
    checkPlace(where, L2Entry.host(entry), size);
  }

  /** Clusters lie inside the file and never on what the header names. */
  private void checkPlace(String where, long host, long size) throws FormatException {
    if ((host & (header.clusterBytes() - 1)) != 0) {
      throw new FormatException(where + "names no cluster");
    }
    if (host > size - header.clusterBytes()) {
      throw new FormatException(where + "names a cluster beyond the file's " + size + " bytes");
    }
    long l1End = header.l1Offset() + 8L * header.l1Entries();
    long refcountEnd =
        header.refcountTableOffset() + header.refcountTableClusters() * header.clusterBytes();
    if (host < header.clusterBytes()
        || (host >= header.l1Offset() && host < l1End)
        || (host >= header.refcountTableOffset() && host < refcountEnd)) {
      throw new FormatException(where + "names a cluster of the file's own tables");
    }
  }

  private long[] readLongs(long at, int count) throws IOException {
    ByteBuffer in = ByteBuffer.allocateDirect(count * Long.BYTES);
    file.read(at, in);
    long[] longs = new long[count];
    in.flip().asLongBuffer().get(longs);
    return longs;
  }

  static ByteBuffer longs(long[] values) {
    ByteBuffer out = ByteBuffer.allocateDirect(values.length * Long.BYTES);
    out.asLongBuffer().put(values);
    return out;
  }
}
