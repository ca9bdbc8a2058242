// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.golden;

import static dev.rootstock.images.golden.ImageFormatException.check;

import dev.rootstock.images.file.HostFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Where the bytes of one qcow2 file are: its L1 table, and L2 tables as far as they are in memory.
 */
final class Qcow2Map {
  /** The bits of an L1 entry that are not its offset; bit 63 repeats a refcount of one. */
  private static final long L1_RESERVED = 0x7f00_0000_0000_01ffL;

  private final HostFile file;
  private final Qcow2Header header;
  private final MapCache cache;
  private final long fileSize;
  private final long[] l1;
  private final L2Table absent;
  private final AtomicReferenceArray<MapCache.Slot> tables;

  Qcow2Map(HostFile file, Qcow2Header header, MapCache cache) throws IOException {
    this.file = file;
    this.header = header;
    this.cache = cache;
    fileSize = file.size();
    l1 = readLongs(header.l1Offset(), header.l1Entries());
    absent = L2Table.absent(header);
    tables = new AtomicReferenceArray<>(l1.length);
    for (int i = 0; i < l1.length; i++) {
      checkL1(i);
    }
  }

  private void checkL1(int index) throws ImageFormatException {
    long at = header.l1Offset() + 8L * index;
    long entry = l1[index];
    check((entry & L1_RESERVED) == 0, at, () -> "L1 entry %#x has reserved bits".formatted(entry));
    long table = entry & L2Table.OFFSET;
    check(
        table % header.clusterBytes() == 0,
        at,
        () -> "L1 entry %#x names no cluster".formatted(entry));
    check(
        table <= fileSize - header.clusterBytes(),
        at,
        () -> "L1 entry %#x names a table beyond the file's %d bytes".formatted(entry, fileSize));
  }

  /** What the bytes from {@code guest} on are made of; null when that is not in memory. */
  @Nullable Mapping lookup(long guest, long most) {
    int index = index(guest);
    if (l1[index] == 0) {
      return absent.lookup(guest, most);
    }
    MapCache.Slot slot = tables.get(index);
    if (slot == null) {
      return null;
    }
    if (!slot.used) {
      slot.used = true;
    }
    return slot.table.lookup(guest, most);
  }

  /** What the bytes from {@code guest} on are made of, read from the file when need be. */
  Mapping lookupOrLoad(long guest, long most) throws IOException {
    Mapping known = lookup(guest, most);
    return known != null ? known : load(index(guest)).lookup(guest, most);
  }

  /** Two threads may load the same table at once; the second one's stays. */
  private L2Table load(int index) throws IOException {
    L2Table table = table(index);
    cache.add(new MapCache.Slot(table, tables, index));
    return table;
  }

  private L2Table table(int index) throws IOException {
    long at = tableOffset(index);
    return new L2Table(header, readLongs(at, header.clusterBytes() / 8), at, fileSize);
  }

  /** Reads a table past the cache; for those who go through all of them once. */
  L2Table readTable(int index) throws IOException {
    return l1[index] == 0 ? absent : table(index);
  }

  int tables() {
    return l1.length;
  }

  /** Where a table stands in the file; 0 when it is absent. */
  long tableOffset(int index) {
    return l1[index] & L2Table.OFFSET;
  }

  long fileSize() {
    return fileSize;
  }

  private int index(long guest) {
    return (int) (guest >>> (header.clusterBits() + header.l2Bits()));
  }

  void close() {
    cache.removeAll(tables);
  }

  private long[] readLongs(long at, int count) throws IOException {
    ByteBuffer in = ByteBuffer.allocateDirect(count * Long.BYTES);
    file.read(at, in);
    long[] longs = new long[count];
    in.flip().asLongBuffer().get(longs);
    return longs;
  }
}
