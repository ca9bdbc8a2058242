// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.Limits;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.qcow2.TableCache.Slice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Where every guest cluster is, as the disk's users see it: the L1 table, and slices of L2 tables
 * as far as they are in memory. The file lags behind until a {@link Checkpoint}.
 *
 * <p>Looking up is safe on any thread. A slice that is changed is pinned until the file has the
 * change, so what is loaded from the file is never older than memory was. Loading holds a lock all
 * along: else a reader could put a slice in place that has been loaded by another, changed, written
 * and forgotten meanwhile.
 */
final class ClusterMap {
  /** Stands for every slice of a table that is not there. Nobody changes it. */
  private static final Slice ABSENT =
      new Slice(null, -1, new AtomicLongArray(2 * TableCache.SLICE_ENTRIES));

  private static final int SLICE_BYTES = TableCache.SLICE_ENTRIES * Header.L2_ENTRY_BYTES;

  private final HostFile file;
  private final Header header;
  private final TableCache cache;
  private final AtomicLongArray l1;

  /** Slices by L1 index, then by place in the table. */
  private final AtomicReferenceArray<@Nullable AtomicReferenceArray<@Nullable Slice>> tables;

  private final ReentrantLock loading = new ReentrantLock();
  private final int tableBits;
  private int pinnedSlices;

  ClusterMap(HostFile file, Header header, TableCache cache) throws IOException {
    this.file = file;
    this.header = header;
    this.cache = cache;
    tableBits = header.clusterBits() - 4;
    l1 = new AtomicLongArray(readLongs(header.l1Offset(), header.l1Entries()));
    tables = new AtomicReferenceArray<>(header.l1Entries());
    checkL1();
  }

  /** What the changes of this and of all other overlays may hold. */
  MapMemory memory() {
    return cache.memory;
  }

  /** Slices that cannot be forgotten now. For the thread that pins. */
  int pinnedSlices() {
    return pinnedSlices;
  }

  /** The slice with a cluster's entry, or null when it is not in memory. */
  @Nullable Slice loaded(long cluster) {
    int index = (int) (cluster >>> tableBits);
    AtomicReferenceArray<@Nullable Slice> table = tables.get(index);
    Slice slice = table == null ? null : table.get(inTable(cluster));
    if (slice == null) {
      // L1 is read last: when it names a table that has just been made, the caller has to load it.
      return l1.get(index) == 0 ? ABSENT : null;
    }
    if (!slice.used) {
      slice.used = true;
    }
    return slice;
  }

  /** The slice with a cluster's entry, loaded when need be. */
  Slice load(long cluster) throws IOException {
    Slice slice = loaded(cluster);
    while (slice == null) {
      read(cluster);
      slice = loaded(cluster);
    }
    return slice;
  }

  /** Keeps the slice with a cluster's entry in memory, until it is unpinned as often. */
  void pin(long cluster) throws IOException {
    int before;
    do {
      Slice slice = load(cluster);
      if (slice == ABSENT) {
        throw new IllegalStateException("cluster " + cluster + " has no table to be changed in");
      }
      before = slice.pin();
    } while (before < 0);
    pinnedSlices += before == 0 ? 1 : 0;
  }

  void unpin(long cluster) {
    pinnedSlices -= pinned(cluster).unpin() ? 1 : 0;
  }

  /** A slice that is known to be pinned. */
  Slice pinned(long cluster) {
    Slice slice = loaded(cluster);
    if (slice == null || slice == ABSENT) {
      throw new IllegalStateException("cluster " + cluster + " is not pinned");
    }
    return slice;
  }

  /** Whether the slices that cannot be forgotten are many. For the thread that pins. */
  boolean holdsMany() {
    return pinnedSlices >= Limits.CHECKPOINT_SLICES;
  }

  /** Whether they are so many that no more may come before a checkpoint has ended. */
  boolean holdsTooMany() {
    return pinnedSlices >= 2 * Limits.CHECKPOINT_SLICES;
  }

  private void read(long cluster) throws IOException {
    int index = (int) (cluster >>> tableBits);
    Slice made;
    loading.lock();
    try {
      AtomicReferenceArray<@Nullable Slice> table = tables.get(index);
      if (table == null) {
        table = new AtomicReferenceArray<>(1 << (tableBits - TableCache.SLICE_BITS));
        tables.set(index, table);
      }
      int place = inTable(cluster);
      if (table.get(place) != null) {
        return;
      }
      long at = L2Entry.place(l1.get(index)) + (long) place * SLICE_BYTES;
      long[] words = readLongs(at, 2 * TableCache.SLICE_ENTRIES);
      long size = alignedSize();
      for (int i = 0; i < words.length; i += 2) {
        checkL2(at + 8L * i, words[i], words[i + 1], size);
      }
      int number = (int) (cluster >>> TableCache.SLICE_BITS);
      made = new Slice(this, number, new AtomicLongArray(words));
      table.set(place, made);
    } finally {
      loading.unlock();
    }
    cache.add(made);
  }

  /** Called by the cache, perhaps by another overlay's thread. */
  void forget(Slice slice) {
    long cluster = (long) slice.number << TableCache.SLICE_BITS;
    AtomicReferenceArray<@Nullable Slice> table = tables.get((int) (cluster >>> tableBits));
    if (table != null) {
      table.compareAndSet(inTable(cluster), slice, null);
    }
  }

  private int inTable(long cluster) {
    return (int) (cluster & ((1L << tableBits) - 1)) >>> TableCache.SLICE_BITS;
  }

  /** Whether the table of this part of the disk has a place. */
  boolean hasTable(int l1Index) {
    return l1.get(l1Index) != 0;
  }

  /** Where the table of a part of the disk stands; 0 when it has none. */
  long tablePlace(int l1Index) {
    return L2Entry.place(l1.get(l1Index));
  }

  int l1Index(long cluster) {
    return (int) (cluster >>> tableBits);
  }

  /** The first cluster behind those of a table. */
  long tableEnd(int l1Index) {
    return (l1Index + 1L) << tableBits;
  }

  /** A table, all zeros in the file, has been made for a part of the disk. */
  void setTable(int l1Index, long place) {
    l1.set(l1Index, L2Entry.descriptor(place));
  }

  // ---- writing the file: by the checkpoint alone

  /** Writes the entries of a set to the tables, runs of neighbours together. */
  void writeEntries(ChangeSet changes) throws IOException {
    long[] sorted = changes.sorted();
    try (Scratch scratch = Scratch.take()) {
      writeEntries(changes, sorted, scratch);
    }
  }

  private void writeEntries(ChangeSet changes, long[] sorted, Scratch scratch) throws IOException {
    for (int i = 0; i < sorted.length; ) {
      long first = sorted[i];
      int count = 0;
      ByteBuffer out = scratch.bytes(SLICE_BYTES);
      do {
        int position = changes.find(sorted[i]);
        out.putLong(L2Entry.descriptor(changes.place(position)));
        out.putLong(changes.bitmap(position));
        count++;
        i++;
      } while (i < sorted.length
          && out.hasRemaining()
          && sorted[i] == first + count
          && l1Index(sorted[i]) == l1Index(first));
      file.write(entryAt(first), out.flip());
    }
  }

  private long entryAt(long cluster) {
    long table = L2Entry.place(l1.get(l1Index(cluster)));
    return table + (cluster & ((1L << tableBits) - 1)) * Header.L2_ENTRY_BYTES;
  }

  /** Writes the L1 entry of a table. */
  void writeL1(int l1Index) throws IOException {
    file.write(
        header.l1Offset() + 8L * l1Index,
        ByteBuffer.allocate(Long.BYTES).putLong(l1.get(l1Index)).flip());
  }

  // ---- what a file may not say

  private void checkL1() throws IOException {
    long size = alignedSize();
    long[] places = new long[l1.length()];
    for (int i = 0; i < l1.length(); i++) {
      long entry = l1.get(i);
      if (entry == 0) {
        continue;
      }
      String where = "offset %d: L1 entry %#x ".formatted(header.l1Offset() + 8L * i, entry);
      String problem = L2Entry.problem(entry, 0);
      if (problem != null) {
        throw new FormatException(where + problem);
      }
      checkPlace(where, L2Entry.place(entry), size);
      places[i] = L2Entry.place(entry);
    }
    Arrays.sort(places);
    for (int i = 1; i < places.length; i++) {
      if (places[i] != 0 && places[i] == places[i - 1]) {
        throw new FormatException(
            "offset %d: two L1 entries name the L2 table at %d"
                .formatted(header.l1Offset(), places[i]));
      }
    }
  }

  /**
   * Refuses an entry that the file cannot hold.
   *
   * @param at where it stands, for the message
   */
  private void checkL2(long at, long descriptor, long bitmap, long size) throws FormatException {
    if (descriptor == 0 && bitmap == 0) {
      return;
    }
    String problem = L2Entry.problem(descriptor, bitmap);
    String where = "offset %d: L2 entry %#x %#x ".formatted(at, descriptor, bitmap);
    if (problem != null) {
      throw new FormatException(where + problem);
    }
    if (L2Entry.place(descriptor) != 0) {
      checkPlace(where, L2Entry.place(descriptor), size);
    }
  }

  /** Whether a record of the journal may have come from this overlay. */
  @Nullable String problem(long cluster, long place, long bitmap) throws IOException {
    if (cluster >= header.guestClusters()) {
      return "a cluster beyond the disk";
    }
    String problem = L2Entry.problem(L2Entry.descriptor(place), bitmap);
    if (problem == null && place != 0) {
      try {
        checkPlace("it ", place, alignedSize());
      } catch (FormatException wrong) {
        problem = wrong.getMessage();
      }
    }
    return problem;
  }

  /** Clusters lie inside the file and never on what the header names. */
  private void checkPlace(String where, long place, long size) throws FormatException {
    if ((place & (header.clusterBytes() - 1)) != 0) {
      throw new FormatException(where + "names no cluster");
    }
    if (place > size - header.clusterBytes()) {
      throw new FormatException(where + "names a cluster beyond the file's " + size + " bytes");
    }
    long l1End = header.l1Offset() + 8L * header.l1Entries();
    long refcountEnd =
        header.refcountTableOffset() + header.refcountTableClusters() * header.clusterBytes();
    if (place < header.clusterBytes()
        || (place >= header.l1Offset() && place < l1End)
        || (place >= header.refcountTableOffset() && place < refcountEnd)) {
      throw new FormatException(where + "names a cluster of the file's own tables");
    }
  }

  /** The file's length in whole clusters: its last one may have been written in part. */
  private long alignedSize() throws IOException {
    return Header.ceilDiv(file.size(), header.clusterBytes()) * header.clusterBytes();
  }

  private long[] readLongs(long at, int count) throws IOException {
    long[] longs = new long[count];
    try (Scratch scratch = Scratch.take()) {
      for (int done = 0; done < count; ) {
        int some = Math.min(count - done, Limits.SCRATCH_BYTES / Long.BYTES);
        ByteBuffer in = scratch.bytes(some * Long.BYTES);
        file.read(at + (long) done * Long.BYTES, in);
        in.flip().asLongBuffer().get(longs, done, some);
        done += some;
      }
    }
    return longs;
  }

  /** Gives the slices up: whoever still holds this map holds no memory that nobody counts. */
  void close() {
    for (int i = 0; i < tables.length(); i++) {
      AtomicReferenceArray<@Nullable Slice> table = tables.get(i);
      for (int j = 0; table != null && j < table.length(); j++) {
        Slice slice = table.getAndSet(j, null);
        if (slice != null) {
          slice.abandon();
        }
      }
    }
  }
}
