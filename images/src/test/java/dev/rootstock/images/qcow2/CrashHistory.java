// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.testing.PatternImage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a client did to its blocks, one thing after the other for each block, and what a block may
 * hold after a crash at a moment. Moments are counts of operations on files.
 */
final class CrashHistory {
  static final int BLOCK = 512;

  /** The value of a block that reads as zeros. */
  static final long ZERO = 0;

  private static final long GOLDEN = -1;
  private static final int NEVER = Integer.MAX_VALUE;

  /** One value that a block was given. */
  static final class Value {
    final long id;
    final int begun;
    volatile int acknowledged = NEVER;
    volatile boolean forced;

    Value(long id, int begun) {
      this.id = id;
      this.begun = begun;
    }
  }

  /** A flush that was acknowledged. */
  record Flush(int begun, int acknowledged) {}

  private final PatternImage golden;
  private final Map<Long, List<Value>> blocks = new HashMap<>();
  private final List<Flush> flushes = new ArrayList<>();

  /** The last question of {@link #lastFlush}, and its answer. */
  private int flushedAt = -1;

  private int flushed = -1;

  CrashHistory(PatternImage golden) {
    this.golden = golden;
  }

  synchronized void add(long block, Value value) {
    blocks.computeIfAbsent(block, none -> new ArrayList<>()).add(value);
  }

  synchronized void add(Flush flush) {
    flushes.add(flush);
  }

  /** The bytes of a block with a value. */
  static void fill(ByteBuffer into, long block, long id) {
    long word = word(block, id);
    for (int i = 0; i < BLOCK; i += 8) {
      into.putLong(word);
    }
  }

  private static long word(long block, long id) {
    return id == ZERO ? 0 : (id * 0x1_0000_0001L) ^ (block << 40);
  }

  /**
   * Fails unless a block holds one of the values that it may: the last that was promised to last,
   * or any since.
   */
  void check(long block, ByteBuffer disk, int moment, boolean power) {
    List<Value> values = blocks.getOrDefault(block, List.of());
    int lasting = power ? lastFlush(moment) : moment;
    int first = values.size() - 1;
    while (first >= 0 && !lasts(values.get(first), moment, lasting)) {
      first--; // down to -1, the golden image
    }
    for (int i = first; i < values.size(); i++) {
      if (i >= 0 && values.get(i).begun > moment) {
        break;
      }
      if (holds(disk, block, i < 0 ? GOLDEN : values.get(i).id)) {
        return;
      }
    }
    StringBuilder all = new StringBuilder();
    for (Value value : values) {
      all.append(
          "%d from %d to %d %s, "
              .formatted(
                  value.id,
                  value.begun,
                  value.acknowledged,
                  Long.toHexString(word(block, value.id))));
    }
    throw new AssertionError(
        "block %d after operation %d (%s) holds %x..., of %s from %d on"
            .formatted(
                block,
                moment,
                power ? "power loss" : "kill",
                disk.getLong(disk.position()),
                all,
                first));
  }

  private static boolean lasts(Value value, int moment, int lasting) {
    int acknowledged = value.acknowledged;
    return acknowledged <= lasting || (value.forced && acknowledged <= moment);
  }

  /** When the latest flush was begun that had been acknowledged by then. */
  private int lastFlush(int moment) {
    if (moment != flushedAt) {
      flushedAt = moment;
      flushed = -1;
      for (Flush flush : flushes) {
        if (flush.acknowledged <= moment) {
          flushed = Math.max(flushed, flush.begun);
        }
      }
    }
    return flushed;
  }

  private boolean holds(ByteBuffer disk, long block, long id) {
    long expected = word(block, id);
    int start = disk.position();
    for (int i = 0; i < BLOCK; i += 8) {
      long wanted = id == GOLDEN ? golden.at(block * BLOCK + i) : expected;
      if (disk.getLong(start + i) != wanted) {
        return false;
      }
    }
    return true;
  }
}
