// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** Splits changed entries into runs that stand beside each other in one L2 table. */
final class ChangeRuns {

  /** Entries of consecutive guest clusters, all in one table. */
  static final class Run {
    final long firstCluster;
    final long[] entries;

    Run(long firstCluster, long[] entries) {
      this.firstCluster = firstCluster;
      this.entries = entries;
    }
  }

  private ChangeRuns() {}

  static List<Run> of(SortedMap<Long, Long> changes, int l2Bits) {
    List<Run> runs = new ArrayList<>();
    long first = -1;
    long[] entries = new long[Math.min(changes.size(), 1 << l2Bits)];
    int count = 0;
    for (Map.Entry<Long, Long> change : changes.entrySet()) {
      long cluster = change.getKey();
      boolean goesOn = cluster == first + count && (cluster >>> l2Bits) == (first >>> l2Bits);
      if (count > 0 && !goesOn) {
        runs.add(new Run(first, Arrays.copyOf(entries, count)));
        count = 0;
      }
      if (count == 0) {
        first = cluster;
      }
      entries[count++] = change.getValue();
    }
    if (count > 0) {
      runs.add(new Run(first, Arrays.copyOf(entries, count)));
    }
    return runs;
  }
}
