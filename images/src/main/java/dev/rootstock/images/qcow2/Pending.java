// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What an overlay's map has become in memory and not yet in the file. One pin for each cluster. */
final class Pending {
  final ChangeSet changes = new ChangeSet();

  /** L1 indexes of tables that have been made and that the file does not name yet. */
  final List<Integer> tables = new ArrayList<>();

  /** Bytes of data that these changes give up. */
  long bytesGivenUp;

  private long[] freed = new long[16];
  private int freedCount;

  /** A cluster of the file that may be used for something else once these changes are durable. */
  void free(long place) {
    if (freedCount == freed.length) {
      freed = Arrays.copyOf(freed, 2 * freedCount);
    }
    freed[freedCount++] = place;
  }

  /** Places of clusters that are given up with these changes, sorted. */
  long[] freed() {
    long[] places = Arrays.copyOf(freed, freedCount);
    Arrays.sort(places);
    return places;
  }

  boolean isEmpty() {
    return changes.isEmpty() && tables.isEmpty() && freedCount == 0;
  }

  /** Takes in what an older set could not write; what has changed since then stays as it is. */
  void absorb(Pending older, ClusterMap map) {
    for (int i = 0; i < older.changes.size(); i++) {
      long cluster = older.changes.cluster(i);
      int now = changes.find(cluster);
      if (now < 0) {
        changes.put(
            cluster, older.changes.place(i), older.changes.bitmap(i), older.changes.givenUp(i));
      } else {
        boolean samePlace = changes.place(now) == older.changes.place(i);
        int lost = samePlace ? older.changes.givenUp(i) : 0;
        changes.put(cluster, changes.place(now), changes.bitmap(now), lost);
        map.unpin(cluster);
      }
    }
    tables.addAll(older.tables);
    bytesGivenUp += older.bytesGivenUp;
    for (int i = 0; i < older.freedCount; i++) {
      free(older.freed[i]);
    }
  }
}
