// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.file.Space;
import dev.rootstock.images.store.StoreException.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Clients' overlays wherever they stand. A client has one: where there are two, a crash came
 * between the making of the new one in memory and the removal of the old one, and the one in memory
 * counts.
 */
final class Places {
  private final Overlays disk;
  private final MemoryOverlays memory;

  /** See {@link ImageStore#overlays}; null while nobody says. */
  private volatile @Nullable Function<String, Optional<OverlayId>> recorded;

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

  /** From now on a client has no overlay but the one that this names. */
  void recorded(Function<String, Optional<OverlayId>> ofClient) {
    recorded = ofClient;
  }

  /**
   * Copies a client's disk as {@link Overlays#copyMoment} does, and no other that has its name.
   *
   * @throws StoreException also NOT_FOUND when it has none by its record, and OTHER_OVERLAY
   */
  GoldenVersion copyMoment(String client, Path file, Space room, Progress progress)
      throws StoreException {
    Function<String, Optional<OverlayId>> known = recorded;
    if (known == null) {
      return of(client).copyMoment(client, null, file, room, progress);
    }
    OverlayId id =
        known
            .apply(client)
            .orElseThrow(() -> new StoreException(Kind.NOT_FOUND, OverlayUsers.noDisk(client)));
    try {
      return of(client).copyMoment(client, id, file, room, progress);
    } catch (StoreException other) {
      if (other.kind() != Kind.OTHER_OVERLAY) {
        throw other;
      }
      throw new StoreException(
          Kind.OTHER_OVERLAY,
          "%s; a power loss has brought an older disk back, which is not used: boot %s for a new one"
              .formatted(other.getMessage(), client),
          other);
    }
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

  /** Takes a client's overlay away that is no longer known, at once or when it has been copied. */
  void forget(String client) throws StoreException {
    for (Overlays each : all()) {
      each.forget(client);
    }
  }

  /** Removes it but for one place. */
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
