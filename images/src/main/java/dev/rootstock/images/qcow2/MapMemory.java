// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * The memory that all overlays together hold for changes of their maps which their files do not
 * have yet: pinned slices, and the changes themselves.
 *
 * <p>Before a round an overlay takes what the round may come to hold at the most; after it, what it
 * did not need is back. When much is held, those who have held for longest are asked to write their
 * maps, which gives their memory back; so an idle disk soon holds nothing. When all is held, who
 * wants more waits its turn, first come, first served, and everybody is asked until the first can
 * go on.
 *
 * <p>Waiting always ends. A checkpoint takes nothing here, so all who are asked give back; nobody
 * else gets anything while somebody waits; and when nobody holds anything, the first goes on even
 * if it wants more than there is. Who cannot write its map any more, for an error or for a full
 * file system, is not counted, or all would wait for it.
 *
 * <p>Safe for any thread. What it calls, it calls without locks of its own; it must not be called
 * with locks of those who are called.
 */
final class MapMemory {
  /** A slice with its array and its share of the tables. */
  private static final int SLICE_BYTES = 2_304;

  /** A change with its place in the index, in a set that has just grown, and a place freed. */
  private static final int CHANGE_BYTES = 112;

  static long bytes(long slices, long changes) {
    return slices * SLICE_BYTES + changes * CHANGE_BYTES;
  }

  private final long bound;
  private long held;

  /** What those hold who have been asked to write. */
  private long asked;

  /** Those who hold something and have not been asked, the one that began first at the front. */
  private final LinkedHashSet<Share> holders = new LinkedHashSet<>();

  private final ArrayDeque<Share> waiting = new ArrayDeque<>();

  /** Seconds after which an overlay writes its map unasked. */
  final long unwrittenSeconds;

  MapMemory(long bytes, long unwrittenSeconds) {
    bound = bytes;
    this.unwrittenSeconds = unwrittenSeconds;
  }

  /**
   * A share for an overlay, empty at first.
   *
   * @param write told, on any thread, that the overlay should write its map: {@link Share#written}
   *     or {@link Share#close} must follow
   * @param granted told that what it waited for is there
   */
  Share share(Runnable write, Runnable granted) {
    return new Share(write, granted);
  }

  /** Bytes that are held now, or taken to be. */
  synchronized long held() {
    return held;
  }

  /** How many overlays wait. */
  synchronized int waiting() {
    return waiting.size();
  }

  /** What one overlay holds; used by one thread at a time. */
  final class Share {
    private final Runnable write;
    private final Runnable granted;
    private long used;
    private long reserved;

    /** What it lacks, while it waits. */
    private long lacks;

    private boolean isAsked;
    private boolean closed;

    private Share(Runnable write, Runnable granted) {
      this.write = write;
      this.granted = granted;
    }

    /**
     * Takes memory for a round.
     *
     * @return bytes, between {@code least} and {@code most}, or what a grant has brought; 0 when
     *     there is none, and {@code granted} will be run
     */
    long take(long least, long most) {
      List<Runnable> calls = new ArrayList<>();
      long taken;
      synchronized (MapMemory.this) {
        taken = tryTake(least, most);
        if (taken == 0) {
          lacks = least - reserved;
          waiting.add(this);
        }
        ask(calls);
      }
      calls.forEach(Runnable::run);
      return taken;
    }

    private long tryTake(long least, long most) {
      long free = waiting.isEmpty() ? Math.max(0, bound - held) : 0;
      long more = Math.min(free, most - reserved);
      if (waiting.isEmpty() && held == 0) {
        more = Math.max(more, least);
      }
      if (reserved + more < least) {
        return 0;
      }
      hold(used, reserved + Math.max(0, more));
      return reserved;
    }

    /** A round is over: this is what the overlay holds now. */
    void settle(long nowUsed) {
      update(nowUsed, 0, false);
    }

    /** The map has been written, or there was nothing to write; a grant stays. */
    void written(long nowUsed) {
      update(nowUsed, reserved, true);
    }

    /** It holds and takes nothing any more. */
    void close() {
      synchronized (MapMemory.this) {
        closed = true;
      }
      update(0, 0, true);
    }

    private void update(long nowUsed, long nowReserved, boolean isWritten) {
      List<Runnable> calls = new ArrayList<>();
      synchronized (MapMemory.this) {
        if (isWritten && isAsked) {
          isAsked = false;
          asked -= used + reserved;
          holders.remove(this);
        }
        hold(closed ? 0 : nowUsed, closed ? 0 : nowReserved);
        if (closed) {
          waiting.remove(this);
        }
        grant(calls);
        ask(calls);
      }
      calls.forEach(Runnable::run);
    }

    private void hold(long nowUsed, long nowReserved) {
      long more = nowUsed + nowReserved - used - reserved;
      held += more;
      asked += isAsked ? more : 0;
      used = nowUsed;
      reserved = nowReserved;
      if (used + reserved == 0) {
        holders.remove(this);
      } else if (!isAsked) {
        holders.add(this); // stays where it is if it is there
      }
    }
  }

  /** Gives those who wait what there is, the first first. */
  private void grant(List<Runnable> calls) {
    for (Share first = waiting.peek();
        first != null && (held == 0 || held + first.lacks <= bound);
        first = waiting.peek()) {
      waiting.remove();
      first.hold(first.used, first.reserved + first.lacks);
      calls.add(first.granted);
    }
  }

  /** Has the oldest write when more than three quarters are held, until it is half, or all wait. */
  private void ask(List<Runnable> calls) {
    Share first = waiting.peek();
    if (first == null && held <= bound - bound / 4) {
      return;
    }
    long goal = first == null ? bound / 2 : Math.max(0, Math.min(bound / 2, bound - first.lacks));
    Iterator<Share> oldest = holders.iterator();
    while (held - asked > goal && oldest.hasNext()) {
      Share next = oldest.next();
      oldest.remove();
      next.isAsked = true;
      asked += next.used + next.reserved;
      calls.add(next.write);
    }
  }
}
