// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.Limits;
import dev.rootstock.images.file.HostFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Goes through the whole map of a file that was not closed, and finds which of its clusters are
 * named. What is counted and not named was leaked by the crash. The map in memory and in the file
 * have to be the same.
 */
final class Census {
  private final HostFile file;
  private final Header header;
  private final BitSet named = new BitSet();

  private Census(HostFile file, Header header) {
    this.file = file;
    this.header = header;
  }

  /**
   * The clusters that are named, by number; null when the map is too large to be gone through while
   * somebody waits.
   *
   * @throws FormatException when something is named twice or cannot be named, telling the offset
   */
  static @Nullable BitSet take(HostFile file, Header header, ClusterMap map, long[] refcountBlocks)
      throws IOException {
    int tables = 0;
    for (int i = 0; i < header.l1Entries(); i++) {
      tables += map.hasTable(i) ? 1 : 0;
    }
    if (tables > Limits.CENSUS_TABLES) {
      return null;
    }
    Census census = new Census(file, header);
    census.name(0, 1, "the header", 0);
    census.name(
        header.refcountTableOffset(), header.refcountTableClusters(), "the refcount table", 48);
    long l1Clusters = Header.ceilDiv(8L * header.l1Entries(), header.clusterBytes());
    census.name(header.l1Offset(), l1Clusters, "the L1 table", 40);
    for (int i = 0; i < refcountBlocks.length; i++) {
      if (refcountBlocks[i] != 0) {
        long at = header.refcountTableOffset() + 8L * i;
        census.name(refcountBlocks[i], 1, "a refcount block", at);
      }
    }
    for (int i = 0; i < header.l1Entries(); i++) {
      if (map.hasTable(i)) {
        census.name(map.tablePlace(i), 1, "an L2 table", header.l1Offset() + 8L * i);
      }
    }
    ByteBuffer table = ByteBuffer.allocateDirect((int) header.clusterBytes());
    for (int i = 0; i < header.l1Entries(); i++) {
      if (map.hasTable(i)) {
        census.table(map.tablePlace(i), table.clear());
      }
    }
    return census.named;
  }

  private void table(long place, ByteBuffer in) throws IOException {
    file.read(place, in);
    for (int at = 0; at < in.limit(); at += Header.L2_ENTRY_BYTES) {
      long descriptor = in.getLong(at);
      if (descriptor == 0) {
        continue;
      }
      String problem = L2Entry.problem(descriptor, in.getLong(at + 8));
      if (problem != null) {
        throw new FormatException(
            "offset %d: L2 entry %#x %s".formatted(place + at, descriptor, problem));
      }
      name(L2Entry.place(descriptor), 1, "a cluster of data", place + at);
    }
  }

  private void name(long place, long count, String what, long where) throws IOException {
    long first = place >>> header.clusterBits();
    if (place % header.clusterBytes() != 0
        || first + count > Header.ceilDiv(file.size(), header.clusterBytes())) {
      throw new FormatException(
          "offset %d: %s at %d, which is no cluster of the file".formatted(where, what, place));
    }
    for (long cluster = first; cluster < first + count; cluster++) {
      if (named.get((int) cluster)) {
        throw new FormatException(
            "offset %d: %s at %d, where something else is".formatted(where, what, place));
      }
      named.set((int) cluster);
    }
  }
}
