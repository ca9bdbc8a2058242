// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.golden.GoldenImage;
import dev.rootstock.images.qcow2.OverlayFile;
import dev.rootstock.images.qcow2.TableCache;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Who uses which client's overlay. Two never do: whoever opens one, or does something to its file,
 * holds {@link #lock} and asks here first.
 */
final class OverlayUsers {
  /** The use of a client's disk. */
  record Use(LeasedDisk disk, CopyableDevice device, GoldenVersion base) {}

  private final OverlayFiles files;
  private final HostFiles.Opener opener;
  private final BackingNames backings;
  private final GoldenShares shares;
  private final DiskLeases leases;
  private final IoThreads threads;
  private final StoreSpace space;
  private final TableCache tables;

  /** The last use of each client's overlay, until it is closed. */
  private final ConcurrentHashMap<String, Use> uses = new ConcurrentHashMap<>();

  /**
   * What is done to overlays by name excludes itself, each for a share of the names: it waits for
   * the disk, and one client's slow disk must not keep others from their logins.
   */
  private final Object[] locks = new Object[Limits.NAME_LOCKS];

  OverlayUsers(
      OverlayFiles files,
      HostFiles.Opener opener,
      BackingNames backings,
      GoldenShares shares,
      DiskLeases leases,
      IoThreads threads,
      StoreSpace space,
      TableCache tables) {
    this.files = files;
    this.opener = opener;
    this.backings = backings;
    this.shares = shares;
    this.leases = leases;
    this.threads = threads;
    this.space = space;
    this.tables = tables;
    Arrays.setAll(locks, i -> new Object());
  }

  /** What has to be held by whoever calls another method here for this client. */
  Object lock(String client) {
    return locks[Math.floorMod(client.hashCode(), locks.length)];
  }

  /** The use that has not ended; null where there is none. */
  @Nullable Use current(String client) {
    Use use = uses.get(client);
    return use == null || use.disk.ended() ? null : use;
  }

  /**
   * Refuses while somebody uses the overlay. The files of a use that has ended are closed, before
   * others are opened or take their names: two writers of one file must never meet, nor one find
   * the other's journal.
   */
  void requireNone(String client) throws StoreException {
    Use current = current(client);
    if (current != null) {
      throw new StoreException(
          Kind.IN_USE,
          "the disk of %s is %s"
              .formatted(
                  client,
                  current.device.isCopied()
                      ? "being copied; wait for it"
                      : "in use; stop its machine first"));
    }
    Use former = uses.get(client);
    if (former != null) {
      former.disk.close();
    }
  }

  /** What is said of a client without an overlay. */
  static String noDisk(String client) {
    return client + " has no disk of its own; its next boot makes one, unless it is read-only";
  }

  /** The overlay is gone, and so is who used it. */
  void forget(String client) {
    uses.remove(client);
  }

  /**
   * Opens a client's overlay, which nobody uses.
   *
   * @param id the identity that it has to have; null for whichever it has
   */
  Use open(String client, @Nullable OverlayId id, BeforeFlushed told)
      throws StoreException, IOException {
    OverlayFile file = OverlayFile.open(files.file(client), opener);
    boolean taken = false;
    try {
      requireWhole(client, id, file);
      GoldenVersion base = backings.version(client, file.backingName());
      GoldenImage image;
      try {
        image = shares.acquire(base);
      } catch (IOException failure) {
        throw Failures.of("cannot open " + base, failure);
      }
      AtomicReference<@Nullable Use> using = new AtomicReference<>();
      AtomicReference<CopyableDevice> device = new AtomicReference<>();
      LeasedDisk disk =
          leases.lease(
              base,
              image,
              (below, released) -> {
                Runnable closed =
                    () -> {
                      count(client);
                      uses.remove(client, using.get());
                      released.run();
                    };
                CopyableDevice made = new CopyableDevice(device(client, file, below, told, closed));
                device.set(made);
                return made;
              });
      taken = true;
      Use use = new Use(disk, Objects.requireNonNull(device.get()), base);
      using.set(use);
      uses.put(client, use);
      return use;
    } finally {
      if (!taken) {
        file.close();
      }
    }
  }

  private static void requireWhole(String client, @Nullable OverlayId id, OverlayFile file)
      throws StoreException {
    if (id != null && !file.identity().equals(id.value())) {
      throw new StoreException(
          Kind.OTHER_OVERLAY,
          "the disk of %s is overlay %s, not %s".formatted(client, file.identity(), id));
    }
    if (file.mayBeTorn()) {
      throw new StoreException(
          Kind.LOST,
          "the disk of %s was lost with the power before anything on it was flushed: its next boot makes it anew"
              .formatted(client));
    }
  }

  private BlockDevice device(
      String client, OverlayFile file, GoldenImage below, BeforeFlushed told, Runnable closed)
      throws IOException {
    StoreSpace.Account account = space.account(client);
    return file.device(
        below,
        threads,
        tables,
        account.overlay,
        account.journal,
        () -> {
          // The file is durable, and its user is about to be told so.
          files.syncNames();
          told.record();
        },
        closed);
  }

  /** Counts what the client's overlay takes, which nobody uses now. */
  void count(String client) {
    files.count(space.account(client));
  }
}
