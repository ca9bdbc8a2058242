// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.MeteredFile;
import dev.rootstock.images.file.Space;
import dev.rootstock.images.golden.LayerWriter;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Overlays that are being copied, each as it is at one moment. */
final class OverlayCopies {
  private static final Logger LOG = LoggerFactory.getLogger(OverlayCopies.class);

  /** Takes the overlay of a client away that nobody uses. */
  interface Removal {
    void remove(String client) throws StoreException;
  }

  private final OverlayFiles files;
  private final OverlayUsers users;
  private final HostFiles.Opener opener;
  private final Removal removal;

  /** Clients whose overlay is open for nothing but being copied. */
  private final Set<String> copied = ConcurrentHashMap.newKeySet();

  /** Those of them whose overlay goes when the copy has ended. */
  private final Set<String> forgotten = ConcurrentHashMap.newKeySet();

  OverlayCopies(OverlayFiles files, OverlayUsers users, HostFiles.Opener opener, Removal removal) {
    this.files = files;
    this.users = users;
    this.opener = opener;
    this.removal = removal;
  }

  /** See {@link Overlays#copyMoment}. */
  GoldenVersion copyMoment(
      String client, @Nullable OverlayId id, Path file, Space room, Progress progress)
      throws StoreException {
    OverlayUsers.Use use;
    boolean ours = false;
    boolean whole = false;
    synchronized (users.lock(client)) {
      use = users.current(client);
      if (use == null) {
        use = open(client, id);
        ours = true;
        copied.add(client);
      }
    }
    try {
      copy(use, file, room, progress);
      whole = true;
      return use.base();
    } catch (IOException failure) {
      throw Failures.of("cannot copy the disk of " + client, failure);
    } finally {
      if (!whole) {
        files.deleteQuietly(file);
        room.set(0);
      }
      if (ours) {
        end(client, use);
      }
    }
  }

  private OverlayUsers.Use open(String client, @Nullable OverlayId id) throws StoreException {
    users.requireNone(client);
    try {
      return users.open(client, id, BeforeFlushed.KNOWN);
    } catch (NoSuchFileException none) {
      throw new StoreException(Kind.NOT_FOUND, OverlayUsers.noDisk(client), none);
    } catch (IOException failure) {
      throw Failures.of("cannot open the disk of " + client, failure);
    }
  }

  private void copy(OverlayUsers.Use use, Path file, Space room, Progress progress)
      throws StoreException, IOException {
    try (LayerWriter layer =
        new LayerWriter(
            new MeteredFile(opener.open(file, HostFiles.Mode.CREATE), room),
            use.device().geometry().sizeBytes(),
            BackingNames.of(use.base()))) {
      MomentCopy copy = new MomentCopy(use.disk().device(), use.device().inner(), layer);
      if (!use.device().copyFirst(copy)) {
        throw new StoreException(Kind.IN_USE, "this disk is being copied already; wait for it");
      }
      try {
        copy.run(progress);
      } catch (IOException | RuntimeException failed) {
        copy.giveUp(new IOException(failed.getMessage(), failed));
        throw failed;
      } finally {
        use.device().copied();
      }
      layer.finish();
    }
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
  }

  private void end(String client, OverlayUsers.Use use) {
    synchronized (users.lock(client)) {
      use.disk().close();
      copied.remove(client);
      if (forgotten.remove(client)) {
        try {
          removal.remove(client);
        } catch (StoreException failed) {
          LOG.warn("the disk of {}, which was removed, stays: {}", client, failed.getMessage());
        }
      }
    }
  }

  /** See {@link Overlays#forget}. */
  void forget(String client) throws StoreException {
    synchronized (users.lock(client)) {
      if (copied.contains(client)) {
        forgotten.add(client);
      } else {
        removal.remove(client);
      }
    }
  }
}
