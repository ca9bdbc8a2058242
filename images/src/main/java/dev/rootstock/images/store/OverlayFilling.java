// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.file.Space;
import dev.rootstock.images.golden.GoldenImage;
import dev.rootstock.images.qcow2.OverlayFile;
import dev.rootstock.images.qcow2.TableCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Makes new overlays that show the content of another disk. */
final class OverlayFilling {
  private final OverlayFiles files;
  private final OverlayUsers users;
  private final HostFiles.Opener opener;
  private final GoldenShares shares;
  private final Trash trash;
  private final IoThreads threads;
  private final StoreSpace space;
  private final TableCache tables;

  /** They are filled one at a time: each takes a disk's whole speed. */
  private final Object filling = new Object();

  OverlayFilling(
      OverlayFiles files,
      OverlayUsers users,
      HostFiles.Opener opener,
      GoldenShares shares,
      Trash trash,
      IoThreads threads,
      StoreSpace space,
      TableCache tables) {
    this.files = files;
    this.users = users;
    this.opener = opener;
    this.shares = shares;
    this.trash = trash;
    this.threads = threads;
    this.space = space;
    this.tables = tables;
  }

  /** See {@link Overlays#fill}. */
  void fill(String client, OverlayId id, GoldenVersion base, GoldenImage content, Progress progress)
      throws StoreException {
    Path fresh = files.fresh(client, ".filling");
    // The client has both disks until this one takes the other's place: only the store's limit
    // counts for the new one meanwhile.
    StoreSpace.Share room = space.share();
    synchronized (filling) {
      try {
        make(fresh, id, base, content, room, progress);
        synchronized (users.lock(client)) {
          users.requireNone(client);
          // The new overlay may have the old one's identity, but it was closed: no journal comes
          // over it. Until it has the name, the old one keeps its own.
          try {
            files.replace(client, fresh);
          } finally {
            room.set(0);
            users.count(client); // it may have the name although that is not known to be durable
          }
        }
      } catch (IOException failure) {
        throw Failures.of("cannot make a disk for " + client, failure);
      } finally {
        room.set(0);
        files.deleteQuietly(fresh);
        files.deleteQuietly(OverlayFile.journal(fresh));
        trash.empty();
      }
    }
  }

  /** Makes it whole and durable, under a name that is not the client's yet. */
  private void make(
      Path fresh,
      OverlayId id,
      GoldenVersion base,
      GoldenImage content,
      Space room,
      Progress progress)
      throws StoreException, IOException {
    opener.delete(fresh);
    OverlayFile.create(fresh, opener, id.value(), content.size(), BackingNames.of(base));
    GoldenImage below = shares.acquire(base);
    try (BlockDevice device = open(fresh, below, room)) {
      DeviceFill.copy(content, below, device, progress);
    } finally {
      shares.release(base);
    }
    if (Files.exists(OverlayFile.journal(fresh))) {
      throw new IOException("the new disk did not close well; the log says why");
    }
  }

  private BlockDevice open(Path fresh, GoldenImage below, Space room) throws IOException {
    OverlayFile file = OverlayFile.open(fresh, opener);
    try {
      return file.device(below, threads, tables, room, Space.unlimited(), () -> {}, () -> {});
    } catch (IOException | RuntimeException failure) {
      file.close();
      throw failure;
    }
  }
}
