// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.Usage;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.qcow2.TableCache;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store in local files: {@code images/<name>/<version>.raw|.qcow2}, {@code
 * clients/<client>.qcow2} and {@code snapshots/<client>@<name>.qcow2} in one data directory, which
 * belongs to one process at a time; overlays in memory stand in a {@link MemoryFolder}.
 *
 * <p>Here names and versions are checked; {@link Versions}, {@link Places} and {@link Snapshots} do
 * the work.
 */
public final class LocalImageStore implements ImageStore {
  private static final Logger LOG = LoggerFactory.getLogger(LocalImageStore.class);

  /** Where Linux keeps what is shared between processes, and every system has a tmpfs. */
  public static final Path MEMORY = Path.of("/dev/shm");

  private final DataLock lock;
  private final GoldenFiles golden;
  private final GoldenShares shares;
  private final Versions versions;
  private final Places places;
  private final Snapshots snapshots;
  private final LocalDataDisks dataDisks;
  private final Trash trash;
  private final StoreSpace space;
  private final IoThreads threads = new IoThreads();

  /** Held for writing by who removes a version, for reading by who makes something stand on one. */
  private final ReadWriteLock standing = new ReentrantReadWriteLock();

  private final AtomicBoolean closed = new AtomicBoolean();

  private LocalImageStore(
      Path data, Path memory, DataLock lock, HostFiles.Opener opener, LongSupplier limit)
      throws StoreException, IOException {
    this.lock = lock;
    space = new StoreSpace(limit);
    golden = new GoldenFiles(data.resolve("images"), opener);
    shares = new GoldenShares(golden, opener);
    Path clients = data.resolve("clients");
    opener.makeFolder(clients);
    trash = new Trash(clients.resolve(".trash"), opener);
    TableCache tables = new TableCache(Limits.CACHED_MAP_SLICES);
    MemoryOverlays inMemory =
        new MemoryOverlays(
            new MemoryFolder(memory, data),
            opener,
            (files, bin) ->
                new Overlays(
                    files,
                    opener,
                    golden,
                    shares,
                    bin,
                    threads,
                    new StoreSpace(() -> Long.MAX_VALUE),
                    tables));
    Overlays onDisk =
        new Overlays(
            new OverlayFiles(clients, opener, trash),
            opener,
            golden,
            shares,
            trash,
            threads,
            space,
            tables);
    space.countAll(onDisk.files().clients(), onDisk::count);
    places = new Places(onDisk, inMemory);
    dataDisks = new LocalDataDisks(clients.resolve("disks"), opener, trash, threads, tables, space);
    snapshots = new Snapshots(data.resolve("snapshots"), opener, places, shares, space);
    versions = new Versions(golden, shares, opener, trash, new VersionSpace(space, opener, golden));
    opener.syncFolder(data); // the folders themselves may be new
    trash.empty();
  }

  /**
   * Opens the store in a data directory, which is made when it is not there, and takes it for this
   * process. What an interrupted import or deletion left behind is swept away.
   *
   * @throws StoreException IN_USE naming the process that has it; IO
   */
  public static LocalImageStore open(Path data) throws StoreException {
    return open(data, MEMORY);
  }

  /**
   * The same.
   *
   * @param memory a tmpfs, or a folder in one, for overlays that stand in memory; nothing is made
   *     there before the first
   */
  public static LocalImageStore open(Path data, Path memory) throws StoreException {
    return open(data, memory, () -> Long.MAX_VALUE);
  }

  /**
   * The same with a limit.
   *
   * @param limit the bytes that all of it may take, {@link Long#MAX_VALUE} for no limit; asked at
   *     each allocation. What stands in memory does not count
   */
  public static LocalImageStore open(Path data, Path memory, LongSupplier limit)
      throws StoreException {
    return open(data, memory, HostFiles::open, limit);
  }

  /** The same with overlays in memory where they are by default. */
  public static LocalImageStore open(Path data, LongSupplier limit) throws StoreException {
    return open(data, MEMORY, limit);
  }

  /** The same, with files that a test has its hands on. */
  static LocalImageStore open(Path data, HostFiles.Opener opener) throws StoreException {
    return open(data, MEMORY, opener, () -> Long.MAX_VALUE);
  }

  private static LocalImageStore open(
      Path data, Path memory, HostFiles.Opener opener, LongSupplier limit) throws StoreException {
    try {
      makeDurably(data);
      DataLock lock = DataLock.take(data);
      try {
        return new LocalImageStore(data.toRealPath(), memory, lock, opener, limit);
      } catch (StoreException | IOException | RuntimeException failure) {
        lock.close();
        throw failure;
      }
    } catch (IOException failure) {
      throw Failures.of("cannot open the data directory " + data, failure);
    }
  }

  private static void makeDurably(Path data) throws IOException {
    if (!Files.exists(data)) {
      Path absolute = Files.createDirectories(data).toRealPath();
      Path parent = absolute.getParent();
      if (parent != null && Files.isReadable(parent)) {
        HostFiles.syncFolder(parent);
      }
    }
  }

  // ---- golden versions

  @Override
  public GoldenVersion importImage(
      Path file, String name, @Nullable SourceFormat format, Progress progress)
      throws StoreException {
    requireOpen();
    requireName("an image", name);
    return versions.importImage(file, name, format, progress);
  }

  @Override
  public GoldenVersion createBlank(String name, long sizeBytes, Progress progress)
      throws StoreException {
    requireOpen();
    requireName("an image", name);
    return versions.blank(name, sizeBytes, progress);
  }

  @Override
  public List<GoldenVersion> versions() {
    return golden.versions();
  }

  @Override
  public Optional<GoldenVersion> find(String name, int number) {
    return golden.find(name, number);
  }

  @Override
  public Optional<GoldenVersion> defaultVersion(String name) {
    return golden.defaultVersion(name);
  }

  @Override
  public void setDefault(GoldenVersion version) throws StoreException {
    requireOpen();
    GoldenVersion known = known(version);
    try {
      golden.setDefault(known);
    } catch (IOException failure) {
      throw Failures.of("cannot make " + version + " the default", failure);
    }
  }

  @Override
  public Optional<GoldenVersion> parent(GoldenVersion version) throws StoreException {
    try {
      return shares.parent(known(version));
    } catch (IOException failure) {
      throw Failures.of("cannot look at " + version, failure);
    }
  }

  @Override
  public long fileBytes(GoldenVersion version) throws StoreException {
    try {
      return Files.size(golden.file(known(version)));
    } catch (IOException failure) {
      throw Failures.of("cannot measure " + version, failure);
    }
  }

  @Override
  public List<String> usersOf(GoldenVersion version) throws StoreException {
    try {
      List<String> users = new ArrayList<>();
      for (Overlays overlays : places.all()) {
        users.addAll(overlays.files().on(version));
      }
      users.addAll(snapshots.on(version));
      return users;
    } catch (IOException failure) {
      throw Failures.of("cannot look for who uses " + version, failure);
    }
  }

  @Override
  public void removeVersion(GoldenVersion version) throws StoreException {
    requireOpen();
    GoldenVersion known = known(version);
    if (!standing.writeLock().tryLock()) {
      throw new StoreException(
          Kind.IN_USE, "disks or versions are just being made; remove %s later".formatted(version));
    }
    try {
      List<String> users = new ArrayList<>(usersOf(known));
      versions.children(known).forEach(child -> users.add(child + " (a delta on it)"));
      if (!users.isEmpty()) {
        throw new StoreException(
            Kind.IN_USE, "%s is in use by %s".formatted(version, String.join(", ", users)));
      }
      versions.remove(known);
    } catch (IOException failure) {
      throw Failures.of("cannot remove " + version, failure);
    } finally {
      standing.writeLock().unlock();
    }
  }

  @Override
  public void verify(GoldenVersion version, Progress progress) throws StoreException {
    requireOpen();
    versions.verify(known(version), progress);
  }

  @Override
  public void export(GoldenVersion version, Path file, SourceFormat format, Progress progress)
      throws StoreException {
    requireOpen();
    versions.export(known(version), file, format, progress);
  }

  @Override
  public GoldenVersion publish(
      String name, String client, @Nullable String snapshot, Progress progress)
      throws StoreException {
    requireOpen();
    requireName("an image", name);
    requireName("a client", client);
    try (Standing _ = stand()) {
      return snapshot == null
          ? snapshots.useNow(
              client,
              half(progress, 0),
              (layer, file, base) ->
                  versions.publish(
                      name, "client " + client + " on " + base, layer, base, half(progress, 1)))
          : snapshots.use(
              client,
              requireName("a snapshot", snapshot),
              (layer, file, base) ->
                  versions.publish(
                      name,
                      "snapshot %s of client %s on %s".formatted(snapshot, client, base),
                      layer,
                      base,
                      progress));
    } catch (IOException failure) {
      throw Failures.of("cannot publish the disk of " + client, failure);
    }
  }

  /** Progress of a first or a second part of the same length. */
  private static Progress half(Progress progress, int part) {
    return (done, total) -> progress.at(part * total + done, 2 * total);
  }

  // ---- clients' disks

  @Override
  public LeasedDisk openReadOnly(GoldenVersion version) throws StoreException {
    requireOpen();
    try (Standing _ = stand()) {
      return places.disk().openReadOnly(known(version));
    }
  }

  @Override
  public void createOverlay(String client, OverlayId id, GoldenVersion base, long sizeBytes)
      throws StoreException {
    requireOpen();
    requireName("a client", client);
    try (Standing _ = stand()) {
      places.disk().createOverlay(client, id, known(base), sizeBytes);
      places.removeBut(places.disk(), client);
    }
  }

  @Override
  public void provideOverlay(
      String client, OverlayId id, GoldenVersion base, long sizeBytes, Place place)
      throws StoreException {
    requireOpen();
    requireName("a client", client);
    try (Standing _ = stand()) {
      Overlays provided = places.toMake(place);
      provided.provideOverlay(client, id, known(base), sizeBytes);
      places.removeBut(provided, client);
    }
  }

  @Override
  public void checkMemory() throws StoreException {
    places.memory().check();
  }

  @Override
  public LeasedDisk openOverlay(
      String client, OverlayId id, Place place, LongSupplier limit, BeforeFlushed told)
      throws StoreException {
    requireOpen();
    requireName("a client", client);
    return places.in(place).openOverlay(client, id, limit, told);
  }

  @Override
  public long overlayBytes(String client) throws StoreException {
    requireName("a client", client);
    return places.of(client).overlayBytes(client);
  }

  @Override
  public Usage usage() {
    return space.usage();
  }

  @Override
  public long clientBytes(String client) throws StoreException {
    requireName("a client", client);
    return space.usedBy(client);
  }

  @Override
  public void limits(ToLongFunction<String> ofClient) {
    space.limits(ofClient);
  }

  @Override
  public void overlays(Function<String, Optional<OverlayId>> ofClient) {
    places.recorded(ofClient);
  }

  @Override
  public void removeOverlay(String client) throws StoreException {
    requireOpen();
    requireName("a client", client);
    places.remove(client);
  }

  @Override
  public void checkOverlay(String client) throws StoreException {
    requireOpen();
    requireName("a client", client);
    places.of(client).check(client);
  }

  @Override
  public DataDisks dataDisks() {
    requireOpen();
    return dataDisks;
  }

  // ---- snapshots

  @Override
  public Snapshot snapshot(String client, String name, Progress progress) throws StoreException {
    requireOpen();
    requireName("a client", client);
    requireName("a snapshot", name);
    try (Standing _ = stand()) {
      return snapshots.take(client, name, progress);
    } catch (IOException failure) {
      throw Failures.of("cannot keep the disk of " + client, failure);
    }
  }

  @Override
  public List<Snapshot> snapshots(String client) throws StoreException {
    requireName("a client", client);
    try {
      return snapshots.of(client);
    } catch (IOException failure) {
      throw Failures.of("cannot list the snapshots of " + client, failure);
    }
  }

  @Override
  public void removeSnapshot(String client, String name) throws StoreException {
    requireOpen();
    requireName("a client", client);
    requireName("a snapshot", name);
    try {
      snapshots.remove(client, name);
    } catch (IOException failure) {
      throw Failures.of("cannot remove a snapshot of " + client, failure);
    }
  }

  @Override
  public GoldenVersion restore(String client, String snapshot, OverlayId id, Progress progress)
      throws StoreException {
    requireOpen();
    requireName("a client", client);
    requireName("a snapshot", snapshot);
    try (Standing _ = stand()) {
      return snapshots.use(
          client,
          snapshot,
          (layer, file, base) -> {
            places.disk().fill(client, id, base, layer, progress);
            places.removeBut(places.disk(), client);
            return base;
          });
    } catch (IOException failure) {
      throw Failures.of("cannot restore the disk of " + client, failure);
    }
  }

  @Override
  public void rebase(String client, GoldenVersion base, OverlayId id, Progress progress)
      throws StoreException {
    requireOpen();
    requireName("a client", client);
    GoldenVersion known = known(base);
    try (Standing _ = stand()) {
      snapshots.useNow(
          client,
          half(progress, 0),
          (layer, file, old) -> {
            places.disk().fill(client, id, known, layer, half(progress, 1));
            places.removeBut(places.disk(), client);
            return known;
          });
    } catch (IOException failure) {
      throw Failures.of("cannot rebase the disk of " + client, failure);
    }
  }

  @Override
  public void exportClient(String client, Path file, SourceFormat format, Progress progress)
      throws StoreException {
    requireOpen();
    requireName("a client", client);
    try (Standing _ = stand()) {
      snapshots.useNow(
          client,
          half(progress, 0),
          (layer, ours, base) -> {
            new Export(layer, ours, HostFiles::open).to(file, format, half(progress, 1));
            return base;
          });
    } catch (IOException failure) {
      throw Failures.of("cannot export the disk of " + client, failure);
    }
  }

  @Override
  public List<String> clients() throws StoreException {
    try {
      TreeSet<String> names = new TreeSet<>();
      for (Overlays overlays : places.all()) {
        names.addAll(overlays.files().clients());
      }
      names.addAll(snapshots.clients());
      dataDisks.all().forEach(disk -> names.add(disk.client()));
      return List.copyOf(names);
    } catch (IOException failure) {
      throw Failures.of("cannot list the disks", failure);
    }
  }

  @Override
  public void forget(String client) throws StoreException {
    requireOpen();
    requireName("a client", client);
    places.remove(client);
    dataDisks.forget(client);
    try {
      snapshots.removeAll(client);
    } catch (IOException failure) {
      throw Failures.of("cannot remove the snapshots of " + client, failure);
    }
  }

  // ---- what all of it needs

  /** While this is held no version goes away. */
  private interface Standing extends AutoCloseable {
    @Override
    void close();
  }

  private Standing stand() {
    Lock held = standing.readLock();
    held.lock();
    return held::unlock;
  }

  private GoldenVersion known(GoldenVersion version) throws StoreException {
    return golden
        .find(version.name(), version.number())
        .orElseThrow(
            () -> new StoreException(Kind.NOT_FOUND, "there is no image version " + version));
  }

  /** The directory may belong to another process by now. */
  private void requireOpen() {
    if (closed.get()) {
      throw new IllegalStateException("the store is closed");
    }
  }

  private static String requireName(String what, String name) throws StoreException {
    if (!ImageStore.isName(name)) {
      throw new StoreException(
          Kind.INVALID,
          "\"%s\" cannot name %s: 1 to 63 of a-z 0-9 . - are allowed, the first a letter or digit, no .."
              .formatted(name, what));
    }
    return name;
  }

  @Override
  public void endLeases() {
    places.all().forEach(Overlays::close);
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    space.close();
    versions.close();
    dataDisks.close();
    places.memory().close();
    places.disk().close();
    trash.close();
    threads.close();
    try {
      lock.close();
    } catch (IOException failed) {
      LOG.warn("the data directory's lock did not close well: {}", failed.toString());
    }
  }
}
