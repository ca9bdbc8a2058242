// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.qemu.bench.BootTrace.Operation;

/** What each operation of a trace waited for, and how long its machine then computed. */
final class BootSchedule {
  private final BootTrace trace;
  private final int[] after;
  private final long[] pauses;

  BootSchedule(BootTrace trace) {
    this.trace = trace;
    int count = trace.operations().size();
    after = new int[count];
    pauses = new long[count];
    long[] ends = trace.operations().stream().mapToLong(Operation::endedMicros).sorted().toArray();
    long before = 0;
    int ended = 0;
    for (int i = 0; i < count; i++) {
      long began = trace.operations().get(i).beganMicros();
      // Not itself nor those that follow, which may have taken no time at all.
      while (ended < i && ends[ended] <= began) {
        ended++;
      }
      after[i] = ended;
      long since = Math.max(before, ended == 0 ? 0 : ends[ended - 1]);
      pauses[i] = (began - since) * 1000;
      before = began;
    }
  }

  int size() {
    return after.length;
  }

  Operation operation(int index) {
    return trace.operations().get(index);
  }

  /** How many answers had come when it began; never more than operations began before it. */
  int after(int index) {
    return after[index];
  }

  /** Between its beginning and the last of those answers, or the beginning of the one before it. */
  long pauseNanos(int index) {
    return pauses[index];
  }
}
