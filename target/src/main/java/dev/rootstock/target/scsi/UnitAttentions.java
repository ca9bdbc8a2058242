// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The unit attentions of one logical unit that one nexus has still to be told (SAM-5, unit
 * attention conditions). Any thread may add one; the session's event loop takes them.
 */
final class UnitAttentions {
  static final Sense RESET_OCCURRED = new Sense(Sense.UNIT_ATTENTION, 0x29, 0x00);
  static final Sense BUS_RESET_OCCURRED = new Sense(Sense.UNIT_ATTENTION, 0x29, 0x02);
  static final Sense DEVICE_RESET_OCCURRED = new Sense(Sense.UNIT_ATTENTION, 0x29, 0x03);

  static final Sense MODE_PARAMETERS_CHANGED = new Sense(Sense.UNIT_ATTENTION, 0x2A, 0x01);

  /** THIN PROVISIONING SOFT THRESHOLD REACHED. */
  static final Sense SOFT_THRESHOLD_REACHED = new Sense(Sense.UNIT_ATTENTION, 0x38, 0x07);

  private final ArrayDeque<Sense> queue = new ArrayDeque<>(Limits.MAX_UNIT_ATTENTIONS);
  // Every command asks; a lock for each would be waste.
  private volatile boolean waiting;

  /** Adds one, unless its like waits already. */
  synchronized void add(Sense attention) {
    if (queue.contains(attention)) {
      return;
    }
    if (queue.size() == Limits.MAX_UNIT_ATTENTIONS) {
      // "Something was reset" makes an initiator look at everything again, so it covers the others.
      queue.clear();
      queue.add(RESET_OCCURRED);
    } else {
      queue.add(attention);
    }
    waiting = true;
  }

  boolean waiting() {
    return waiting;
  }

  /** Takes the oldest, or null. */
  synchronized @Nullable Sense take() {
    Sense attention = queue.poll();
    waiting = !queue.isEmpty();
    return attention;
  }
}
