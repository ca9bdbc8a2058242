// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.golden.GoldenImage;
import dev.rootstock.images.golden.MapCache;
import dev.rootstock.images.golden.Qcow2Image;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Snapshots of clients' disks, {@code snapshots/<client>@<name>.qcow2}: layers on a golden version,
 * made by {@link MomentCopy}. A file that begins with a dot is the copy that something else begins
 * with, and is swept away at the next start.
 */
final class Snapshots {
  private static final String ENDING = ".qcow2";

  private final Path folder;
  private final HostFiles.Opener opener;
  private final Places places;
  private final BackingNames backings;
  private final GoldenShares shares;
  private final StoreSpace space;
  private final Trash trash;

  /** Two of one name would write, and remove, one file. */
  private final Set<Path> beingTaken = ConcurrentHashMap.newKeySet();

  /** Those of them whose client is gone. */
  private final Set<Path> unwanted = ConcurrentHashMap.newKeySet();

  Snapshots(
      Path folder,
      HostFiles.Opener opener,
      Places places,
      BackingNames backings,
      GoldenShares shares,
      StoreSpace space,
      Trash trash)
      throws IOException {
    this.space = space;
    this.trash = trash;
    this.folder = folder;
    this.opener = opener;
    opener.makeFolder(folder);
    this.places = places;
    this.backings = backings;
    this.shares = shares;
    try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(folder, ".*")) {
      for (Path leftover : leftovers) {
        opener.delete(leftover);
      }
    }
    for (String[] names : all()) {
      StoreSpace.Account account = space.account(names[0]);
      StoreSpace.Share share = account.share();
      share.set(StoreSpace.allocated(file(names[0], names[1]), opener));
      account.keep(names[1], share);
    }
  }

  /** What is done with a layer while it and the version below it are open. */
  interface Use<T> {
    T with(GoldenImage layer, Path file, GoldenVersion base) throws StoreException, IOException;
  }

  Snapshot take(String client, String name, Progress progress) throws StoreException, IOException {
    Path file = file(client, name);
    claim(file, client, name);
    try {
      if (Files.exists(file)) {
        throw new StoreException(
            Kind.INVALID, "client %s has a snapshot %s already".formatted(client, name));
      }
      Path fresh = fresh(client, name);
      opener.delete(fresh);
      StoreSpace.Share room = space.account(client).share();
      places.copyMoment(client, fresh, room, progress);
      boolean named = false;
      try {
        Snapshot taken = snapshot(client, name, fresh);
        opener.move(fresh, file);
        named = true;
        if (unwanted.contains(file)) {
          throw new StoreException(Kind.NOT_FOUND, "client " + client + " has been removed");
        }
        opener.syncFolder(folder);
        space.account(client).keep(name, room);
        return taken;
      } catch (StoreException | IOException failure) {
        trash.deleteQuietly(fresh);
        if (named) {
          trash.deleteQuietly(file); // which is not known to be durable
        }
        room.set(0);
        throw failure;
      }
    } finally {
      beingTaken.remove(file);
      unwanted.remove(file);
    }
  }

  List<Snapshot> of(String client) throws StoreException, IOException {
    List<Snapshot> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, client + "@*" + ENDING)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        name = name.substring(client.length() + 1, name.length() - ENDING.length());
        found.add(snapshot(client, name, file));
      }
    }
    found.sort(Comparator.comparing(Snapshot::taken).thenComparing(Snapshot::name));
    return found;
  }

  private Snapshot snapshot(String client, String name, Path file)
      throws StoreException, IOException {
    Instant taken = Files.getLastModifiedTime(file).toInstant().truncatedTo(ChronoUnit.SECONDS);
    return new Snapshot(
        client,
        name,
        backings.baseOf(client, file).toString(),
        Qcow2Image.header(file, opener).sizeBytes(),
        Files.size(file),
        taken);
  }

  void remove(String client, String name) throws StoreException, IOException {
    Path file = existing(client, name);
    claim(file, client, name);
    try {
      Path removed = fresh(client, name); // what is left of it goes at the next start
      opener.move(file, removed);
      try {
        opener.syncFolder(folder);
      } catch (IOException failure) {
        opener.move(removed, file);
        throw failure;
      }
      if (trash.dispose(removed)) {
        space.account(client).drop(name);
      }
    } finally {
      beingTaken.remove(file);
    }
  }

  /** One that has its name and is not counted yet cannot be removed either. */
  private void claim(Path file, String client, String name) throws StoreException {
    if (!beingTaken.add(file)) {
      throw new StoreException(
          Kind.IN_USE,
          "the snapshot %s of %s is just being taken or removed".formatted(name, client));
    }
  }

  /** Removes all snapshots of a client. */
  void removeAll(String client) throws IOException {
    for (Path file : beingTaken) {
      if (file.getFileName().toString().startsWith(client + "@")) {
        unwanted.add(file); // its taking sees this, or we see the file
      }
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, client + "@*" + ENDING)) {
      for (Path file : files) {
        opener.delete(file);
        String whole = file.getFileName().toString();
        space
            .account(client)
            .drop(whole.substring(client.length() + 1, whole.length() - ENDING.length()));
      }
    }
    opener.syncFolder(folder); // a client of the same name must not find them after a power loss
  }

  <T> T use(String client, String name, Use<T> use) throws StoreException, IOException {
    return use(client, existing(client, name), use);
  }

  /** Uses the client's disk as it is now. */
  <T> T useNow(String client, Progress progress, Use<T> use) throws StoreException, IOException {
    Path file = folder.resolve(".%s@%s".formatted(client, UUID.randomUUID()));
    StoreSpace.Share room = space.share();
    try {
      places.copyMoment(client, file, room, progress);
      return use(client, file, use);
    } finally {
      trash.deleteQuietly(file);
      room.set(0);
    }
  }

  private <T> T use(String client, Path file, Use<T> use) throws StoreException, IOException {
    GoldenVersion base = backings.baseOf(client, file);
    GoldenImage below = shares.acquire(base);
    try (Qcow2Image layer =
        Qcow2Image.open(file, opener, new MapCache(Limits.IMPORT_MAP_BYTES), below)) {
      return use.with(layer, file, base);
    } finally {
      shares.release(base);
    }
  }

  /** Everybody who has a snapshot. */
  List<String> clients() throws IOException {
    TreeSet<String> found = new TreeSet<>();
    for (String[] names : all()) {
      found.add(names[0]);
    }
    return List.copyOf(found);
  }

  /** Clients with a snapshot that stands on a version, as {@code web1 (snapshot monday)}. */
  List<String> on(GoldenVersion version) throws IOException {
    TreeSet<String> found = new TreeSet<>();
    for (String[] names : all()) {
      Backing.of(file(names[0], names[1]), opener)
          .useOf(version, "%s (snapshot %s)".formatted(names[0], names[1]))
          .ifPresent(found::add);
    }
    return List.copyOf(found);
  }

  /** Client and name of every snapshot; what is only being made has none. */
  private List<String[]> all() throws IOException {
    List<String[]> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*@*" + ENDING)) {
      for (Path file : files) {
        String whole = file.getFileName().toString();
        String[] names = whole.substring(0, whole.length() - ENDING.length()).split("@", 2);
        if (ImageStore.isName(names[0]) && ImageStore.isName(names[1])) {
          found.add(names);
        }
      }
    }
    return found;
  }

  private Path existing(String client, String name) throws StoreException {
    Path file = file(client, name);
    if (!Files.exists(file)) {
      throw new StoreException(
          Kind.NOT_FOUND,
          "client '%s' has no snapshot '%s': 'rootstock client show %s' lists them"
              .formatted(client, name, client));
    }
    return file;
  }

  /** What begins with a dot is none that anybody sees. */
  private Path fresh(String client, String name) {
    return folder.resolve("." + client + "@" + name);
  }

  private Path file(String client, String name) {
    return folder.resolve(client + "@" + name + ENDING);
  }
}
