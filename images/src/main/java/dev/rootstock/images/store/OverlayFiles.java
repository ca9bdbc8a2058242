// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.file.FolderSync;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.qcow2.FormatException;
import dev.rootstock.images.qcow2.OverlayFile;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of clients' overlays, {@code clients/<client>.qcow2}, by name. Nothing here knows who
 * uses them: {@link OverlayUsers} does, and {@link Overlays} calls in order.
 *
 * <p>A file that has content takes its name when it is durable, in one step, so at every moment the
 * name leads to one whole overlay. An empty one takes it without a sync; it says in its header that
 * it may be lost with the power, and {@link #isThere} believes it.
 */
final class OverlayFiles {
  private static final Logger LOG = LoggerFactory.getLogger(OverlayFiles.class);
  private static final String ENDING = ".qcow2";

  private final Path folder;
  private final HostFiles.Opener opener;
  private final Trash trash;
  private final FolderSync names;

  OverlayFiles(Path folder, HostFiles.Opener opener, Trash trash) throws IOException {
    this.folder = folder;
    this.opener = opener;
    this.trash = trash;
    this.names = new FolderSync(folder, opener);
    try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(folder, ".*.{new,journal}")) {
      for (Path leftover : leftovers) {
        trash.move(leftover);
      }
    }
  }

  Path file(String client) {
    return folder.resolve(client + ENDING);
  }

  /** A name for an overlay that is being made. */
  Path fresh(String client, String what) {
    return folder.resolve("." + client + what + ".new");
  }

  /** Makes the names that are there now durable. */
  void syncNames() throws IOException {
    names.sync();
  }

  /**
   * Whether a client has this overlay, whole: no power loss can have torn it since it was made.
   *
   * @throws IOException when that cannot be found out
   */
  boolean isThere(String client, OverlayId id) throws IOException {
    try (OverlayFile file = OverlayFile.open(file(client), opener)) {
      return file.identity().equals(id.value()) && !file.mayBeTorn();
    } catch (NoSuchFileException none) {
      return false;
    } catch (FormatException | EOFException torn) {
      LOG.info("{} is no overlay any more: {}", file(client), torn.getMessage());
      return false;
    }
  }

  /** Puts an empty overlay into the place of whatever the client has; nothing waits for a disk. */
  void putFresh(String client, UUID id, long sizeBytes, String backing) throws IOException {
    Path fresh = fresh(client, "");
    opener.delete(fresh);
    OverlayFile.createFresh(fresh, opener, id, sizeBytes, backing);
    try {
      trash.move(file(client));
    } catch (NoSuchFileException none) {
      // The usual case.
    }
    opener.move(fresh, file(client));
    deleteQuietly(OverlayFile.journal(file(client)));
  }

  /**
   * Puts a finished, durable overlay into the place of the one that the client has. Where that
   * fails the client has the one before.
   */
  void replace(String client, Path fresh) throws IOException {
    Path file = file(client);
    trash.replace(file, fresh, names::sync);
    // That of the one before, if it was never opened again. The new one is not marked as having a
    // journal, so it would not be replayed.
    trash.deleteQuietly(OverlayFile.journal(file));
  }

  /** Takes a client's overlay away; false when there is none. Where that fails it is there. */
  boolean remove(String client) throws IOException {
    if (!Files.exists(file(client))) {
      return false;
    }
    trash.remove(file(client), names::sync);
    deleteQuietly(OverlayFile.journal(file(client)));
    return true;
  }

  /** Counts what a client's overlay and its journal take, by the blocks of their files. */
  void count(StoreSpace.Account account) {
    Path file = file(account.client());
    account.journal.set(StoreSpace.allocated(OverlayFile.journal(file), opener));
    account.overlay.set(StoreSpace.allocated(file, opener));
  }

  /** Everybody who has an overlay. */
  List<String> clients() throws IOException {
    List<String> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (name.endsWith(ENDING)) {
          String client = name.substring(0, name.length() - ENDING.length());
          if (ImageStore.isName(client)) {
            found.add(client);
          }
        }
      }
    }
    found.sort(Comparator.naturalOrder());
    return found;
  }

  /** Clients whose overlay stands on a version, as people name them. */
  List<String> on(GoldenVersion version) throws IOException {
    List<String> found = new ArrayList<>();
    for (String client : clients()) {
      Backing.of(file(client), opener).useOf(version, client).ifPresent(found::add);
    }
    return found;
  }

  /** Deletes what is of no use to anybody; what cannot be deleted is swept at the next start. */
  void deleteQuietly(Path file) {
    trash.deleteQuietly(file);
  }
}
