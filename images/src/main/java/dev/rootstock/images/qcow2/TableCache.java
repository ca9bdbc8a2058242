// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * The L2 tables in memory, of all overlays together, at most a fixed number of them.
 *
 * <p>A table in memory always equals the one in its file, so making room is only forgetting. Which
 * one to forget is decided by a clock: a hand goes round, and takes the first table that nobody has
 * used since it last came by.
 */
public final class TableCache {

  /** One L2 table. */
  static final class Table {
    final ClusterMap owner;
    final int l1Index;
    final AtomicLongArray entries;

    /** Set by users without care for each other: losing one costs a reload at the most. */
    boolean used = true;

    Table(ClusterMap owner, int l1Index, AtomicLongArray entries) {
      this.owner = owner;
      this.l1Index = l1Index;
      this.entries = entries;
    }
  }

  private final @Nullable Table[] ring;
  private int hand;

  /** A cache of so many tables. */
  public TableCache(int tables) {
    ring = new @Nullable Table[tables];
  }

  /** Takes a table in, in place of one that its owner is told to forget. */
  synchronized void add(Table table) {
    while (true) {
      Table old = ring[hand];
      if (old == null || !old.used) {
        if (old != null) {
          old.owner.forget(old);
        }
        ring[hand] = table;
        hand = (hand + 1) % ring.length;
        return;
      }
      old.used = false;
      hand = (hand + 1) % ring.length;
    }
  }

  /** Drops everything of an overlay that is being closed. */
  synchronized void removeAll(ClusterMap owner) {
    for (int i = 0; i < ring.length; i++) {
      Table table = ring[i];
      if (table != null && table.owner == owner) {
        ring[i] = null;
      }
    }
  }

  /** Tables in memory now. */
  synchronized int size() {
    int count = 0;
    for (Table table : ring) {
      count += table == null ? 0 : 1;
    }
    return count;
  }
}
