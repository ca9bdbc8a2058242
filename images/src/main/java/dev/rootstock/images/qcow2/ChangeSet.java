// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import java.util.Arrays;

/**
 * What guest clusters have become: the newest place and bitmap of each, in the order in which they
 * first changed, and which of their sub-clusters have been given up on the way. Without a box for
 * every number, for it is on the way of every write.
 */
final class ChangeSet {
  private static final int FIRST = 16;

  private long[] clusters = new long[FIRST];
  private long[] places = new long[FIRST];
  private long[] bitmaps = new long[FIRST];
  private int[] givenUp = new int[FIRST];

  /** Open addressing; a position plus 1, or 0. At most half full. */
  private int[] index = new int[4 * FIRST];

  private int size;

  int size() {
    return size;
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** The position of a cluster, or -1. */
  int find(long cluster) {
    int at = slot(cluster);
    while (index[at] != 0) {
      if (clusters[index[at] - 1] == cluster) {
        return index[at] - 1;
      }
      at = (at + 1) & (index.length - 1);
    }
    return -1;
  }

  /**
   * Sets what a cluster is now.
   *
   * @param lost sub-clusters that no longer stand where they stood in the cluster's place
   * @return whether it is new in the set
   */
  boolean put(long cluster, long place, long bitmap, int lost) {
    int at = find(cluster);
    boolean fresh = at < 0;
    if (fresh) {
      at = add(cluster);
    }
    givenUp[at] = places[at] == place || fresh ? givenUp[at] | lost : 0;
    places[at] = place;
    bitmaps[at] = bitmap;
    return fresh;
  }

  private int add(long cluster) {
    if (size == clusters.length) {
      int more = 2 * size;
      clusters = Arrays.copyOf(clusters, more);
      places = Arrays.copyOf(places, more);
      bitmaps = Arrays.copyOf(bitmaps, more);
      givenUp = Arrays.copyOf(givenUp, more);
      index = new int[4 * more];
      for (int i = 0; i < size; i++) {
        enter(i);
      }
    }
    clusters[size] = cluster;
    enter(size);
    return size++;
  }

  private void enter(int position) {
    int at = slot(clusters[position]);
    while (index[at] != 0) {
      at = (at + 1) & (index.length - 1);
    }
    index[at] = position + 1;
  }

  private int slot(long cluster) {
    long mixed = cluster * 0x9e37_79b9_7f4a_7c15L;
    return (int) (mixed >>> 40) & (index.length - 1);
  }

  long cluster(int position) {
    return clusters[position];
  }

  long place(int position) {
    return places[position];
  }

  long bitmap(int position) {
    return bitmaps[position];
  }

  /** Sub-clusters that were data in this same place when the set began, or later, and were lost. */
  int givenUp(int position) {
    return givenUp[position];
  }

  /** The clusters in the order of the disk. */
  long[] sorted() {
    long[] sorted = Arrays.copyOf(clusters, size);
    Arrays.sort(sorted);
    return sorted;
  }
}
