// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import java.util.ArrayList;
import java.util.List;

/**
 * Clients' overlays wherever they stand. A client has one: where there are two, a crash came
 * between the making of the new one in memory and the removal of the old one, and the one in memory
 * counts.
 */
final class Places {
  private final Overlays disk;
  private final MemoryOverlays memory;

  Places(Overlays disk, MemoryOverlays memory) {
    this.disk = disk;
    this.memory = memory;
  }

  /** Those in the data directory. */
  Overlays disk() {
    return disk;
  }

  MemoryOverlays memory() {
    return memory;
  }

  /** Those among which a client's overlay is, or would be. */
  Overlays of(String client) {
    for (Overlays kept : memory.ifAny()) {
      if (kept.has(client)) {
        return kept;
      }
    }
    return disk;
  }

  /** Those of a place, for a new one among them. */
  Overlays toMake(Place place) throws StoreException {
    return switch (place) {
      case DISK -> disk;
      case MEMORY -> memory.toMake();
    };
  }

  /** Takes a client's overlay away wherever it is. */
  void remove(String client) throws StoreException {
    for (Overlays each : all()) {
      each.removeOverlay(client);
    }
  }

  /** The same but for one place. */
  void removeBut(Overlays kept, String client) throws StoreException {
    for (Overlays each : all()) {
      if (each != kept) {
        each.removeOverlay(client);
      }
    }
  }

  /** Those of a place, for one that should be there. */
  Overlays in(Place place) throws StoreException {
    return switch (place) {
      case DISK -> disk;
      case MEMORY -> memory.there();
    };
  }

  List<Overlays> all() {
    List<Overlays> all = new ArrayList<>(memory.ifAny());
    all.add(disk);
    return all;
  }
}
