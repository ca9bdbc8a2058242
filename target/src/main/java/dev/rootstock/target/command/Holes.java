// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.target.wire.Limits;
import java.util.Arrays;

/**
 * Which bytes of a range have not come yet. Holes lie in order and apart; at most {@link
 * Limits#HOLES} are remembered, so that no order of arrival makes us hold more.
 */
final class Holes {
  /** Begin and end of each, alternately. */
  private long[] bounds = new long[2];

  private int count;

  /** One hole from {@code from} to {@code end}, or none. */
  Holes(long from, long end) {
    if (from < end) {
      bounds[0] = from;
      bounds[1] = end;
      count = 1;
    }
  }

  boolean isEmpty() {
    return count == 0;
  }

  /** Where the first hole begins; there is one. */
  long first() {
    return bounds[0];
  }

  /** Where the last hole ends; there is one. */
  long end() {
    return bounds[2 * count - 1];
  }

  /**
   * Takes bytes out of the holes.
   *
   * @return how many of them were missing; or -1, with nothing done, when they would leave more
   *     holes than are remembered
   */
  int fill(long from, long end) {
    if (splits(from, end)) {
      return split(from, end);
    }
    int filled = 0;
    int kept = 0;
    for (int i = 0; i < count; i++) {
      long begin = bounds[2 * i];
      long until = bounds[2 * i + 1];
      long overlap = Math.min(until, end) - Math.max(begin, from);
      if (overlap > 0) {
        filled += (int) overlap;
        if (from > begin) {
          until = from;
        } else {
          begin = end;
        }
      }
      if (begin < until) {
        bounds[2 * kept] = begin;
        bounds[2 * kept + 1] = until;
        kept++;
      }
    }
    count = kept;
    return filled;
  }

  /** Whether the bytes lie inside one hole and touch neither of its ends. */
  private boolean splits(long from, long end) {
    for (int i = 0; i < count; i++) {
      if (bounds[2 * i] < from && end < bounds[2 * i + 1]) {
        return from < end;
      }
    }
    return false;
  }

  private int split(long from, long end) {
    if (count == Limits.HOLES) {
      return -1;
    }
    if (bounds.length == 2 * count) {
      bounds = Arrays.copyOf(bounds, Math.min(4 * count, 2 * Limits.HOLES));
    }
    int i = 0;
    while (bounds[2 * i + 1] < end) {
      i++;
    }
    System.arraycopy(bounds, 2 * i, bounds, 2 * i + 2, 2 * (count - i));
    bounds[2 * i + 1] = from;
    bounds[2 * i + 2] = end;
    count++;
    return (int) (end - from);
  }
}
