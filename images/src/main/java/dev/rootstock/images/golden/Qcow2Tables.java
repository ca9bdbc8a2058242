// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.golden;

import static dev.rootstock.images.golden.ImageFormatException.check;

import dev.rootstock.images.Limits;
import java.io.IOException;
import java.util.BitSet;

/**
 * Looks for places of a file that two things claim: tables, header and clusters of the active
 * state. Compressed clusters may share a place with each other. It needs a bit a cluster of the
 * file, and reads every L2 table once.
 */
final class Qcow2Tables {
  private final Qcow2Header header;
  private final BitSet own = new BitSet();
  private final BitSet packed = new BitSet();

  private Qcow2Tables(Qcow2Header header) {
    this.header = header;
  }

  static void verify(Qcow2Header header, Qcow2Map map) throws IOException {
    long clusters = Math.ceilDiv(map.fileSize(), header.clusterBytes());
    check(
        clusters <= Limits.MAX_FOREIGN_CLUSTERS,
        20,
        () ->
            "a file of %d clusters of %d bytes; %d are allowed"
                .formatted(clusters, header.clusterBytes(), Limits.MAX_FOREIGN_CLUSTERS));
    Qcow2Tables tables = new Qcow2Tables(header);
    tables.claim(0, header.clusterBytes(), 0, "the header");
    tables.claim(header.l1Offset(), 8L * header.l1Entries(), 40, "the L1 table");
    tables.claimRefcounts(map.fileSize());
    for (int i = 0; i < map.tables(); i++) {
      if (map.tableOffset(i) != 0) {
        long entry = header.l1Offset() + 8L * i;
        tables.claim(map.tableOffset(i), header.clusterBytes(), entry, "an L2 table");
      }
    }
    for (int i = 0; i < map.tables(); i++) {
      if (map.tableOffset(i) != 0) {
        tables.clusters(map.readTable(i), map.tableOffset(i));
      }
    }
  }

  /** The refcounts themselves are not needed, so a table that leads nowhere is no reason. */
  private void claimRefcounts(long fileSize) throws ImageFormatException {
    long at = header.refcountTableOffset();
    long bytes = header.refcountTableBytes();
    if (at > 0 && at % header.clusterBytes() == 0 && bytes > 0 && at <= fileSize - bytes) {
      claim(at, bytes, 48, "the refcount table");
    }
  }

  private void clusters(L2Table table, long tableAt) throws ImageFormatException {
    for (int i = 0; i < table.entries(); i++) {
      long descriptor = table.descriptor(i);
      long at = tableAt + 8L * i * header.wordsOfEntry();
      if (L2Table.isCompressed(descriptor)) {
        claimPacked(table.packedOffset(descriptor), at);
      } else if ((descriptor & L2Table.OFFSET) != 0) {
        claim(descriptor & L2Table.OFFSET, header.clusterBytes(), at, "a cluster");
      }
    }
  }

  private void claim(long from, long bytes, long at, String what) throws ImageFormatException {
    int first = (int) (from >>> header.clusterBits());
    int end = (int) ((from + bytes - 1) >>> header.clusterBits()) + 1;
    int taken = own.nextSetBit(first);
    check(
        (taken < 0 || taken >= end) && !packed.get(first),
        at,
        () -> "%s at %d overlaps something else".formatted(what, from));
    own.set(first, end);
  }

  private void claimPacked(long from, long at) throws ImageFormatException {
    int cluster = (int) (from >>> header.clusterBits());
    check(
        !own.get(cluster),
        at,
        () -> "a compressed cluster at %d overlaps something else".formatted(from));
    packed.set(cluster);
  }
}
