// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import java.io.IOException;
import java.util.List;

/** Makes what was captured of an overlay durable: once, on a thread that may wait for long. */
final class Checkpoint {
  final Pending captured;

  /** Flushes and forced writes that are acknowledged when it is done. */
  final List<Change> waiting;

  private final Overlay overlay;
  private final long epoch;

  /** With an epoch of 0 the map is as it was, and a sync is all. */
  Checkpoint(Overlay overlay, Pending captured, long epoch, List<Change> waiting) {
    this.overlay = overlay;
    this.captured = captured;
    this.epoch = epoch;
    this.waiting = waiting;
  }

  boolean writesMap() {
    return epoch != 0;
  }

  void run() throws IOException {
    overlay.file.sync();
    FirstSync first = overlay.first;
    if (writesMap()) {
      overlay.map.writeEntries(captured.changes);
      for (int table : captured.tables) {
        overlay.map.writeL1(table);
      }
      overlay.file.write(overlay.header.epochAt(), first.header(epoch));
      overlay.file.sync();
    } else if (first.changesHeader()) {
      overlay.file.write(overlay.header.epochAt(), first.header(overlay.header.epoch()));
      overlay.file.sync();
    }
    first.end();
  }
}
