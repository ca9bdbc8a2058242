// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.Space;
import dev.rootstock.images.golden.GoldenImage;
import dev.rootstock.images.golden.MapCache;
import dev.rootstock.images.golden.Qcow2Image;
import dev.rootstock.images.qcow2.OverlayFile;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The overlays of one place: they are made, opened, checked and removed here, by name and one thing
 * at a time. {@link OverlayFiles} has their files, {@link OverlayUsers} who uses them, {@link
 * OverlayFilling} gives them content, and {@link OverlayCopies} copies it.
 */
final class Overlays {
  private final OverlayFiles files;
  private final OverlayUsers users;
  private final OverlayFilling filling;
  private final OverlayCopies copies;
  private final HostFiles.Opener opener;
  private final Trash trash;
  private final StoreSpace space;

  Overlays(
      OverlayFiles files,
      OverlayUsers users,
      OverlayFilling filling,
      HostFiles.Opener opener,
      Trash trash,
      StoreSpace space) {
    this.files = files;
    this.users = users;
    this.filling = filling;
    this.copies = new OverlayCopies(files, users, opener, this::removeOverlay);
    this.opener = opener;
    this.trash = trash;
    this.space = space;
  }

  /** Their files. */
  OverlayFiles files() {
    return files;
  }

  /** Whether a client has an overlay here. */
  boolean has(String client) {
    return Files.exists(files.file(client));
  }

  /** Gives a client a new, empty overlay, durable when this returns. */
  void createOverlay(String client, OverlayId id, GoldenVersion base, long sizeBytes)
      throws StoreException {
    checkSize(client, base, sizeBytes);
    synchronized (users.lock(client)) {
      users.requireNone(client);
      Path fresh = files.fresh(client, "");
      try {
        opener.delete(fresh);
        OverlayFile.create(fresh, opener, id.value(), sizeBytes, BackingNames.of(base));
        files.replace(client, fresh);
        users.count(client);
      } catch (IOException failure) {
        files.deleteQuietly(fresh);
        users.count(client);
        throw Failures.of("cannot make a disk for " + client, failure);
      } finally {
        trash.empty();
      }
    }
  }

  /** Sees to it that a client has this overlay; see {@link ImageStore#provideOverlay}. */
  void provideOverlay(String client, OverlayId id, GoldenVersion base, long sizeBytes)
      throws StoreException {
    checkSize(client, base, sizeBytes);
    synchronized (users.lock(client)) {
      users.requireNone(client);
      try {
        if (files.isThere(client, id)) {
          return;
        }
        files.putFresh(client, id.value(), sizeBytes, BackingNames.of(base));
        users.count(client);
      } catch (IOException failure) {
        files.deleteQuietly(files.fresh(client, ""));
        users.count(client);
        throw Failures.of("cannot make a disk for " + client, failure);
      } finally {
        trash.empty();
      }
    }
  }

  /**
   * Gives a client a new overlay that shows the content of another disk; blocks for as long as the
   * copying takes.
   */
  void fill(String client, OverlayId id, GoldenVersion base, GoldenImage content, Progress progress)
      throws StoreException {
    checkSize(client, base, content.size());
    filling.fill(client, id, base, content, progress);
  }

  /** Refuses a size that a disk on this version cannot have. */
  private static void checkSize(String client, GoldenVersion base, long sizeBytes)
      throws StoreException {
    if (sizeBytes < base.sizeBytes() || sizeBytes % 512 != 0 || sizeBytes > Limits.MAX_DISK_BYTES) {
      throw new StoreException(
          Kind.INVALID,
          "a disk of %d bytes for %s: it takes a multiple of 512 from %d (%s) to %d"
              .formatted(sizeBytes, client, base.sizeBytes(), base, Limits.MAX_DISK_BYTES));
    }
  }

  LeasedDisk openOverlay(String client, OverlayId id, LongSupplier limit, BeforeFlushed told)
      throws StoreException {
    synchronized (users.lock(client)) {
      users.requireNone(client);
      try {
        space.account(client).limit(limit);
        return users.open(client, id, told).disk();
      } catch (NoSuchFileException gone) {
        throw new StoreException(
            Kind.LOST,
            "the disk of %s is lost: %s is missing".formatted(client, files.file(client)));
      } catch (IOException failure) {
        throw Failures.of("cannot open the disk of " + client, failure);
      }
    }
  }

  /**
   * Copies a client's disk as it is at one moment, whether it is in use or not.
   *
   * @param id the identity that its overlay has to have; null for whichever it has
   * @param file a layer that must not exist, in a folder beside that of the overlays
   * @param room the layer's; none of it is counted any more when this fails
   * @return the golden version that the layer stands on
   */
  GoldenVersion copyMoment(
      String client, @Nullable OverlayId id, Path file, Space room, Progress progress)
      throws StoreException {
    return copies.copyMoment(client, id, file, room, progress);
  }

  /** Goes through a client's overlay, brought up to date; nobody may use it meanwhile. */
  void check(String client) throws StoreException {
    synchronized (users.lock(client)) {
      users.requireNone(client);
      try {
        users.open(client, null, BeforeFlushed.KNOWN).disk().close();
        Path file = files.file(client);
        try (Qcow2Image tables =
            Qcow2Image.open(file, opener, new MapCache(Limits.IMPORT_MAP_BYTES), null)) {
          tables.checkTables();
        }
      } catch (NoSuchFileException none) {
        throw new StoreException(Kind.NOT_FOUND, OverlayUsers.noDisk(client), none);
      } catch (IOException failure) {
        throw Failures.of("the disk of " + client, failure);
      }
    }
  }

  long overlayBytes(String client) throws StoreException {
    try {
      return Files.size(files.file(client));
    } catch (NoSuchFileException none) {
      return 0;
    } catch (IOException failure) {
      throw Failures.of("cannot measure the disk of " + client, failure);
    }
  }

  void removeOverlay(String client) throws StoreException {
    synchronized (users.lock(client)) {
      users.requireNone(client);
      try {
        if (!files.remove(client)) {
          return;
        }
      } catch (IOException failure) {
        users.count(client);
        throw Failures.of("cannot remove the disk of " + client, failure);
      }
      users.count(client); // a journal that could not be deleted is still there
      users.forget(client);
    }
    trash.empty();
  }

  /**
   * Takes away the overlay of a client that is no longer known. One that is just being copied goes
   * when that has ended; nobody gets a disk of this name before.
   */
  void forget(String client) throws StoreException {
    copies.forget(client);
  }
}
