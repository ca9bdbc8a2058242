// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.Limits;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * The parts of L2 tables in memory, of all overlays together, as many as a bound allows.
 *
 * <p>A slice that nobody has pinned equals its part of the file, so making room is only forgetting.
 * Which one to forget is decided by a clock: a hand goes round, and takes the first slice that is
 * not pinned and that nobody has used since it last came by. Slices are pinned while they hold
 * changes that the file does not; {@link MapMemory} sees to it that those are always the smaller
 * part.
 */
public final class TableCache {

  /** 2 to this power is the number of entries in a slice. */
  static final int SLICE_BITS = 7;

  static final int SLICE_ENTRIES = 1 << SLICE_BITS;

  /** Consecutive entries of an L2 table. */
  static final class Slice {
    private static final int GONE = -1;

    /** Null once its overlay is closed. */
    private volatile @Nullable ClusterMap owner;

    final int number;

    /** Descriptor and bitmap in turn. */
    private final AtomicLongArray words;

    private final AtomicInteger pins = new AtomicInteger();

    /** Set by users without care for each other: losing one costs a reload at the most. */
    boolean used = true;

    Slice(@Nullable ClusterMap owner, int number, AtomicLongArray words) {
      this.owner = owner;
      this.number = number;
      this.words = words;
    }

    long descriptor(long cluster) {
      return words.get(2 * ((int) cluster & (SLICE_ENTRIES - 1)));
    }

    long bitmap(long cluster) {
      return words.get(2 * ((int) cluster & (SLICE_ENTRIES - 1)) + 1);
    }

    /** Keeps it in memory; returns how often it was pinned before, or -1 when it is gone. */
    int pin() {
      int now = pins.get();
      while (now != GONE && !pins.compareAndSet(now, now + 1)) {
        now = pins.get();
      }
      return now;
    }

    /** Sets an entry, for the thread that has it pinned. */
    void set(long cluster, long descriptor, long bitmap) {
      int at = 2 * ((int) cluster & (SLICE_ENTRIES - 1));
      words.set(at, descriptor);
      words.set(at + 1, bitmap);
    }

    /** Returns whether nobody has it pinned any more. */
    boolean unpin() {
      return pins.decrementAndGet() == 0;
    }

    private boolean forget() {
      ClusterMap map = owner;
      if (map == null) {
        return true;
      }
      if (!pins.compareAndSet(0, GONE)) {
        return false;
      }
      map.forget(this);
      return true;
    }

    /** Its overlay is closed: the next to come by takes its place. */
    void abandon() {
      owner = null;
    }
  }

  private final int target;

  private final List<Slice> ring = new ArrayList<>();
  private int hand;

  /** What overlays may hold for changes. */
  final MapMemory memory;

  /** A cache of so many slices, whose overlays hold {@link Limits#HELD_MAP_BYTES} for changes. */
  public TableCache(int slices) {
    this(slices, Limits.HELD_MAP_BYTES, Limits.UNWRITTEN_SECONDS);
  }

  TableCache(int slices, long heldBytes, long unwrittenSeconds) {
    target = slices;
    memory = new MapMemory(heldBytes, unwrittenSeconds);
  }

  /** Takes a slice in, in place of one that its owner is told to forget. */
  synchronized void add(Slice slice) {
    if (ring.size() < target) {
      ring.add(slice);
      return;
    }
    int most = 2 * ring.size(); // once to see who is used, once to take
    for (int i = 0; i < most; i++) {
      hand = hand + 1 < ring.size() ? hand + 1 : 0;
      Slice old = ring.get(hand);
      ClusterMap owner = old.owner;
      boolean pinned = owner != null && old.pins.get() > 0;
      if (!pinned && old.used && owner != null) {
        old.used = false;
      } else if (!pinned && old.forget()) {
        ring.set(hand, slice);
        shrink();
        return;
      }
    }
    ring.add(slice); // everything is pinned; it shrinks when that is over
  }

  /** Gives a place up that was made when everything was pinned. */
  private void shrink() {
    while (ring.size() > target && ring.getLast().pins.get() <= 0 && ring.getLast().forget()) {
      ring.removeLast();
    }
  }

  /** Slices in memory now. */
  synchronized int size() {
    return (int) ring.stream().filter(slice -> slice.owner != null).count();
  }
}
