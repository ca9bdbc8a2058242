// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.Usage;
import dev.rootstock.images.file.HostFiles;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The overlays that stand in memory, if there are any. Their folder is made with the first and goes
 * with the last, so an installation that has none leaves no trace in {@code /dev/shm}.
 */
final class MemoryOverlays {
  private static final Logger LOG = LoggerFactory.getLogger(MemoryOverlays.class);

  /** Makes the overlays of a folder that is there. */
  interface Maker {
    Overlays of(OverlayFiles files, Trash trash, StoreSpace space) throws IOException;
  }

  private final MemoryFolder folder;
  private final StoreSpace space;
  private final HostFiles.Opener opener;
  private final Maker maker;
  private @Nullable Overlays overlays;
  private @Nullable Trash trash;

  MemoryOverlays(MemoryFolder folder, StoreSpace space, HostFiles.Opener opener, Maker maker) {
    this.folder = folder;
    this.space = space;
    this.opener = opener;
    this.maker = maker;
    if (folder.isThere()) {
      try {
        open();
      } catch (StoreException | IOException unusable) {
        LOG.warn("disks in memory cannot be had: {}", unusable.getMessage());
      }
    }
  }

  private Overlays open() throws StoreException, IOException {
    folder.make();
    Trash ours = new Trash(folder.clients().resolve(".trash"), opener);
    Overlays made = maker.of(new OverlayFiles(folder.clients(), opener, ours), ours, space);
    space.countAll(made.files().clients(), made.files()::count);
    trash = ours;
    overlays = made;
    ours.empty();
    return made;
  }

  /** Refuses where a new disk in memory could not be. */
  void check() throws StoreException {
    folder.check();
    Usage usage = space.usage();
    if (usage.limitBytes() - usage.allocatedBytes() < Limits.LEAST_MEMORY_BYTES) {
      throw new StoreException(
          StoreException.Kind.NO_SPACE,
          "disks in memory take %d bytes of %d, and a new one needs %d: end some, or raise 'memory.disks'"
              .formatted(usage.allocatedBytes(), usage.limitBytes(), Limits.LEAST_MEMORY_BYTES));
    }
  }

  /** What all of them take, and may take. */
  Usage usage() {
    return space.usage();
  }

  /** The overlays, for a new one among them. */
  synchronized Overlays toMake() throws StoreException {
    folder.check();
    return there();
  }

  /** The overlays, for one that should be there. */
  synchronized Overlays there() throws StoreException {
    Overlays known = overlays;
    if (known != null) {
      return known;
    }
    try {
      return open();
    } catch (IOException failure) {
      throw Failures.of("cannot use " + folder.path(), failure);
    }
  }

  /** The overlays, or none where nothing is in memory. */
  synchronized List<Overlays> ifAny() {
    return overlays == null ? List.of() : List.of(overlays);
  }

  synchronized void close() {
    if (overlays == null || trash == null) {
      return;
    }
    space.close();
    trash.close();
    try {
      if (overlays.files().clients().isEmpty()) {
        folder.remove();
      }
    } catch (IOException failed) {
      LOG.warn("{} is of no use any more and stays: {}", folder.path(), failed.toString());
    }
  }
}
