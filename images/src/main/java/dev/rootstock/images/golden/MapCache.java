// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.golden;

import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The L2 tables in memory of all layers together, bounded in bytes. Layers never change, so making
 * room is only forgetting; the first table that nobody has used since it last came by goes.
 */
public final class MapCache {

  /** A table in its owner's slot. */
  static final class Slot {
    final L2Table table;
    private final AtomicReferenceArray<Slot> owner;
    private final int index;

    /** Set without care for each other: losing one costs a reload at the most. */
    boolean used = true;

    Slot(L2Table table, AtomicReferenceArray<Slot> owner, int index) {
      this.table = table;
      this.owner = owner;
      this.index = index;
    }
  }

  private final long mostBytes;
  private final ArrayDeque<Slot> ring = new ArrayDeque<>();
  private long bytes;

  /** A cache of so many bytes. */
  public MapCache(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  /** Puts a table into its place, and others out of theirs when there are too many. */
  synchronized void add(Slot slot) {
    bytes += slot.table.bytes();
    while (bytes > mostBytes && !ring.isEmpty()) {
      Slot oldest = ring.remove();
      if (oldest.used) {
        oldest.used = false;
        ring.add(oldest);
      } else {
        bytes -= oldest.table.bytes();
        oldest.owner.compareAndSet(oldest.index, oldest, null);
      }
    }
    slot.owner.set(slot.index, slot);
    ring.add(slot);
  }

  /** Drops everything of a layer that is being closed. */
  synchronized void removeAll(AtomicReferenceArray<Slot> owner) {
    ring.removeIf(
        slot -> {
          boolean gone = slot.owner.equals(owner);
          bytes -= gone ? slot.table.bytes() : 0;
          return gone;
        });
  }

  /** Bytes of the tables in memory. */
  synchronized long bytes() {
    return bytes;
  }
}
