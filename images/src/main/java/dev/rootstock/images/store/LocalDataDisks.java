// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.golden.LayerWriter;
import dev.rootstock.images.golden.MapCache;
import dev.rootstock.images.golden.Qcow2Image;
import dev.rootstock.images.qcow2.OverlayFile;
import dev.rootstock.images.qcow2.TableCache;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Data disks in files, {@code clients/disks/<client>@<identity>.qcow2}: the same format and the
 * same promises as clients' overlays, without a backing file.
 */
final class LocalDataDisks implements DataDisks {
  private static final Logger LOG = LoggerFactory.getLogger(LocalDataDisks.class);
  private static final Pattern FILE = Pattern.compile("(.{1,63})@([0-9a-f-]{36})\\.qcow2");

  private final Path folder;
  private final HostFiles.Opener opener;
  private final Trash trash;
  private final IoThreads threads;
  private final TableCache tables;
  private final StoreSpace space;

  /** What is leased. */
  private record Key(String client, OverlayId id) {
    @Override
    public String toString() {
      return "the data disk %s of %s".formatted(id, client);
    }
  }

  private record User(LeasedDisk disk, CopyableDevice device) {}

  /** The last use of each disk, until it is closed. */
  private final ConcurrentHashMap<Key, User> users = new ConcurrentHashMap<>();

  /** Disks that are open for nothing but being copied. */
  private final Set<Key> copied = ConcurrentHashMap.newKeySet();

  /** Those of them that go when the copy has ended. */
  private final Set<Key> forgotten = ConcurrentHashMap.newKeySet();

  /** What is done to a disk by name excludes itself, each for a share of the names. */
  private final Object[] nameLocks = new Object[Limits.NAME_LOCKS];

  LocalDataDisks(
      Path folder,
      HostFiles.Opener opener,
      Trash trash,
      IoThreads threads,
      TableCache tables,
      StoreSpace space)
      throws StoreException, IOException {
    this.folder = folder;
    this.opener = opener;
    opener.makeFolder(folder);
    this.trash = trash;
    this.threads = threads;
    this.tables = tables;
    this.space = space;
    Arrays.setAll(nameLocks, i -> new Object());
    try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(folder, ".*")) {
      for (Path leftover : leftovers) {
        trash.move(leftover);
      }
    }
    for (DataDisk disk : all()) {
      count(new Key(disk.client(), disk.id()));
    }
  }

  /** Counts what a disk and its journal take, which nobody uses now. */
  private void count(Key key) {
    StoreSpace.Account account = space.account(key.client);
    Path journal = OverlayFile.journal(file(key));
    account.diskJournal(key.id).set(StoreSpace.allocated(journal, opener));
    account.disk(key.id).set(StoreSpace.allocated(file(key), opener));
  }

  @Override
  public void create(String client, OverlayId id, long sizeBytes) throws StoreException {
    Key key = key(client, id);
    if (sizeBytes <= 0 || sizeBytes % 512 != 0 || sizeBytes > Limits.MAX_DISK_BYTES) {
      throw new StoreException(
          Kind.INVALID,
          "a data disk of %d bytes for %s: it takes a multiple of 512 bytes, from 512 to 64T (%d)"
              .formatted(sizeBytes, client, Limits.MAX_DISK_BYTES));
    }
    if (Files.exists(file(key))) {
      throw new StoreException(Kind.INVALID, key + " is there already");
    }
    Path fresh = folder.resolve("." + file(key).getFileName());
    synchronized (lock(key)) {
      boolean named = false;
      try {
        opener.delete(fresh);
        OverlayFile.create(fresh, opener, id.value(), sizeBytes, "");
        opener.move(fresh, file(key));
        named = true;
        opener.syncFolder(folder);
        count(key);
      } catch (IOException failure) {
        deleteQuietly(named ? file(key) : fresh); // it is not known to be durable
        throw Failures.of("cannot make a data disk for " + client, failure);
      }
    }
  }

  @Override
  public LeasedDisk open(String client, OverlayId id) throws StoreException {
    Key key = key(client, id);
    try {
      synchronized (lock(key)) {
        requireUnused(key);
        return lease(key).disk;
      }
    } catch (NoSuchFileException gone) {
      throw new StoreException(
          Kind.LOST, "%s is lost: %s is missing".formatted(key, file(key)), gone);
    } catch (IOException failure) {
      throw Failures.of("cannot open " + key, failure);
    }
  }

  private User lease(Key key) throws StoreException, IOException {
    OverlayFile file = OverlayFile.open(file(key), opener);
    boolean taken = false;
    try {
      if (!file.identity().equals(key.id.value()) || !file.backingName().isEmpty()) {
        throw new StoreException(
            Kind.OTHER_OVERLAY,
            "%s is another disk: %s holds overlay %s on \"%s\""
                .formatted(key, file(key), file.identity(), file.backingName()));
      }
      AtomicReference<User> using = new AtomicReference<>();
      CopyableDevice device =
          new CopyableDevice(
              file.device(
                  new Zeros(),
                  threads,
                  tables,
                  space.account(key.client).disk(key.id),
                  space.account(key.client).diskJournal(key.id),
                  () -> {},
                  () -> {
                    count(key);
                    users.remove(key, using.get());
                  }));
      taken = true;
      User user = new User(new LeasedDisk(device), device);
      using.set(user);
      users.put(key, user);
      return user;
    } finally {
      if (!taken) {
        file.close();
      }
    }
  }

  /** Closes the files of a lease that has ended; refuses one that has not. */
  private void requireUnused(Key key) throws StoreException {
    User user = users.get(key);
    if (user != null && !user.disk.ended()) {
      throw new StoreException(
          Kind.IN_USE,
          "%s is %s"
              .formatted(key, user.device.isCopied() ? "being copied; wait for it" : "in use"));
    }
    if (user != null) {
      user.disk.close();
    }
  }

  @Override
  public List<DataDisk> all() throws StoreException {
    return named("*");
  }

  /** Removes all of a client's; one that is just being copied goes when that has ended. */
  void forget(String client) throws StoreException {
    for (DataDisk disk : named(client)) {
      Key key = key(client, disk.id());
      synchronized (lock(key)) {
        if (copied.contains(key)) {
          forgotten.add(key);
        } else {
          remove(client, disk.id());
        }
      }
    }
  }

  private void endCopied(Key key, User user) {
    synchronized (lock(key)) {
      user.disk.close();
      copied.remove(key);
      if (forgotten.remove(key)) {
        try {
          remove(key.client, key.id);
        } catch (StoreException failed) {
          LOG.warn("{}, which was removed, stays: {}", key, failed.getMessage());
        }
      }
    }
  }

  private List<DataDisk> named(String client) throws StoreException {
    List<DataDisk> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, client + "@*.qcow2")) {
      for (Path file : files) {
        Matcher name = FILE.matcher(file.getFileName().toString());
        if (name.matches() && ImageStore.isName(name.group(1))) {
          found.add(
              new DataDisk(
                  name.group(1), new OverlayId(UUID.fromString(name.group(2))), Files.size(file)));
        }
      }
    } catch (IOException | IllegalArgumentException failure) {
      throw new StoreException(
          Kind.IO, "cannot list the data disks in %s: %s".formatted(folder, failure), failure);
    }
    return found;
  }

  @Override
  public long bytes(String client, OverlayId id) throws StoreException {
    Path file = file(key(client, id));
    try {
      return Files.size(file);
    } catch (NoSuchFileException none) {
      return 0;
    } catch (IOException failure) {
      throw Failures.of("cannot measure " + file, failure);
    }
  }

  @Override
  public void check(String client, OverlayId id) throws StoreException {
    Key key = key(client, id);
    try {
      synchronized (lock(key)) {
        requireUnused(key);
        lease(key).disk.close();
        try (Qcow2Image file =
            Qcow2Image.open(file(key), opener, new MapCache(Limits.IMPORT_MAP_BYTES), null)) {
          file.checkTables();
        }
      }
    } catch (NoSuchFileException none) {
      throw missing(key, none);
    } catch (IOException failure) {
      throw Failures.of(key.toString(), failure);
    }
  }

  @Override
  public void export(String client, OverlayId id, Path file, SourceFormat format, Progress progress)
      throws StoreException {
    Key key = key(client, id);
    Path copy = folder.resolve(".copy-" + UUID.randomUUID());
    try {
      copyMoment(key, copy, (done, total) -> progress.at(done, 2 * total));
      try (Qcow2Image image =
          Qcow2Image.open(copy, opener, new MapCache(Limits.IMPORT_MAP_BYTES), null)) {
        new Export(image, copy, opener)
            .to(file, format, (done, total) -> progress.at(total + done, 2 * total));
      }
    } catch (NoSuchFileException none) {
      throw missing(key, none);
    } catch (IOException failure) {
      throw Failures.of("cannot export " + key, failure);
    } finally {
      deleteQuietly(copy);
    }
  }

  /** Copies a disk as it is at one moment, whether it is in use or not. */
  private void copyMoment(Key key, Path copy, Progress progress)
      throws StoreException, IOException {
    User user;
    boolean ours = false;
    synchronized (lock(key)) {
      User known = users.get(key);
      if (known == null || known.disk.ended()) {
        requireUnused(key);
        known = lease(key);
        ours = true;
        copied.add(key);
      }
      user = known;
    }
    try (LayerWriter layer =
        new LayerWriter(
            opener.open(copy, HostFiles.Mode.CREATE), user.device.geometry().sizeBytes(), null)) {
      MomentCopy moment = new MomentCopy(user.disk.device(), user.device.inner(), layer);
      if (!user.device.copyFirst(moment)) {
        throw new StoreException(Kind.IN_USE, key + " is being copied already; wait for it");
      }
      try {
        moment.run(progress);
      } catch (IOException | RuntimeException failed) {
        moment.giveUp(new IOException(failed.getMessage(), failed));
        throw failed;
      } finally {
        user.device.copied();
      }
      layer.finish();
    } finally {
      if (ours) {
        endCopied(key, user);
      }
    }
  }

  @Override
  public void remove(String client, OverlayId id) throws StoreException {
    Key key = key(client, id);
    try {
      synchronized (lock(key)) {
        requireUnused(key);
        if (!Files.exists(file(key))) {
          return;
        }
        trash.remove(file(key), () -> opener.syncFolder(folder));
        space.account(client).drop(id);
        deleteQuietly(OverlayFile.journal(file(key)));
      }
    } catch (IOException failure) {
      throw Failures.of("cannot remove " + key, failure);
    }
    trash.empty();
  }

  private static StoreException missing(Key key, IOException cause) {
    return new StoreException(Kind.NOT_FOUND, key + " is missing", cause);
  }

  private void deleteQuietly(Path file) {
    try {
      opener.delete(file);
    } catch (IOException failed) {
      LOG.warn("cannot delete {}: {}", file, failed.toString());
    }
  }

  private static Key key(String client, OverlayId id) throws StoreException {
    if (!ImageStore.isName(client)) {
      throw new StoreException(Kind.INVALID, "\"%s\" cannot name a client".formatted(client));
    }
    return new Key(client, id);
  }

  private Object lock(Key key) {
    return nameLocks[Math.floorMod(key.hashCode(), nameLocks.length)];
  }

  private Path file(Key key) {
    return folder.resolve("%s@%s.qcow2".formatted(key.client, key.id.value()));
  }

  /** Closes every lease. */
  void close() {
    users.values().forEach(user -> user.disk.close());
  }
}
