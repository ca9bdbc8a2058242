// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.qcow2.OverlayFile;
import dev.rootstock.images.qcow2.TableCache;
import dev.rootstock.images.raw.RawDevice;
import dev.rootstock.images.raw.RawImage;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store in local files: {@code images/<name>/<version>.raw} and {@code clients/<client>.qcow2}
 * in one data directory, which belongs to one process at a time.
 *
 * <p>A client's overlay is replaced by renaming a finished, durable file over it, so at every
 * moment its name leads to one whole overlay. Names that begin with a dot are the store's own; what
 * of them an interruption left is swept away at the next start.
 */
public final class LocalImageStore implements ImageStore {
  private static final Logger LOG = LoggerFactory.getLogger(LocalImageStore.class);

  /** The only backing names that are ever opened: what an overlay's header says is not trusted. */
  private static final Pattern BACKING =
      Pattern.compile("\\.\\./images/([^/]{1,63})/([1-9][0-9]{0,5})\\.raw");

  private final DataLock lock;
  private final Path clients;
  private final HostFiles.Opener opener;
  private final GoldenFiles golden;
  private final GoldenShares shares;
  private final Trash trash;
  private final IoThreads threads = new IoThreads();
  private final TableCache tables = new TableCache(Limits.CACHED_L2_TABLES);

  /** Every lease that is not closed. */
  private final Set<LeasedDisk> leases = ConcurrentHashMap.newKeySet();

  /** The last lease of each client's overlay, until it is closed. */
  private final ConcurrentHashMap<String, LeasedDisk> users = new ConcurrentHashMap<>();

  /**
   * What is done to overlays by name excludes itself, each for a share of the names: it waits for
   * the disk, and one client's slow disk must not keep others from their logins.
   */
  private final Object[] nameLocks = new Object[Limits.NAME_LOCKS];

  private final AtomicBoolean closed = new AtomicBoolean();

  private LocalImageStore(Path data, DataLock lock, HostFiles.Opener opener) throws IOException {
    this.lock = lock;
    this.opener = opener;
    Arrays.setAll(nameLocks, i -> new Object());
    golden = new GoldenFiles(data.resolve("images"), opener);
    shares = new GoldenShares(golden, opener);
    clients = Files.createDirectories(data.resolve("clients"));
    trash = new Trash(clients.resolve(".trash"));
    try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(clients, ".*.new")) {
      for (Path leftover : leftovers) {
        trash.move(leftover);
      }
    }
    trash.empty();
  }

  /**
   * Opens the store in a data directory, which is made when it is not there, and takes it for this
   * process. What an interrupted import or deletion left behind is swept away.
   *
   * @throws StoreException IN_USE naming the process that has it; IO
   */
  public static LocalImageStore open(Path data) throws StoreException {
    return open(data, HostFiles::open);
  }

  /** The same, with files that a test has its hands on. */
  static LocalImageStore open(Path data, HostFiles.Opener opener) throws StoreException {
    try {
      Files.createDirectories(data);
      DataLock lock = DataLock.take(data);
      try {
        return new LocalImageStore(data.toRealPath(), lock, opener);
      } catch (IOException | RuntimeException failure) {
        lock.close();
        throw failure;
      }
    } catch (IOException failure) {
      throw Failures.of("cannot open the data directory " + data, failure);
    }
  }

  @Override
  public GoldenVersion importRaw(Path file, String name, Progress progress) throws StoreException {
    requireOpen();
    requireName("an image", name);
    try {
      return golden.importRaw(file, name, progress);
    } catch (IOException failure) {
      throw Failures.of("cannot import " + file, failure);
    }
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
    return golden.newest(name);
  }

  @Override
  public void verify(GoldenVersion version, Progress progress) throws StoreException {
    GoldenVersion known = known(version);
    String found;
    try {
      Path raw = golden.raw(known.name(), known.number());
      long size = Files.size(raw);
      if (size != known.sizeBytes()) {
        throw corrupt(known, "it has %d bytes, not %d".formatted(size, known.sizeBytes()));
      }
      found = RawImport.checksum(raw, opener, size, progress);
    } catch (IOException failure) {
      throw Failures.of("cannot verify " + version, failure);
    }
    if (!found.equals(known.sha256())) {
      throw corrupt(known, "its checksum is %s, not %s".formatted(found, known.sha256()));
    }
  }

  private static StoreException corrupt(GoldenVersion version, String how) {
    return new StoreException(
        Kind.CORRUPT, version + " has changed: " + how + "; restore it from a backup");
  }

  @Override
  public LeasedDisk openReadOnly(GoldenVersion version) throws StoreException {
    requireOpen();
    GoldenVersion known = known(version);
    try {
      RawImage image = shares.acquire(known);
      return lease(released -> new RawDevice(image, threads, released), known);
    } catch (IOException failure) {
      throw Failures.of("cannot open " + version, failure);
    }
  }

  @Override
  public void createOverlay(String client, OverlayId id, GoldenVersion base, long sizeBytes)
      throws StoreException {
    requireOpen();
    requireName("a client", client);
    GoldenVersion known = known(base);
    if (sizeBytes < known.sizeBytes()
        || sizeBytes % 512 != 0
        || sizeBytes > Limits.MAX_DISK_BYTES) {
      throw new StoreException(
          Kind.INVALID,
          "a disk of %d bytes for %s: it takes a multiple of 512 from %d (%s) to %d"
              .formatted(sizeBytes, client, known.sizeBytes(), known, Limits.MAX_DISK_BYTES));
    }
    String backing = "../images/%s/%d.raw".formatted(known.name(), known.number());
    synchronized (nameLock(client)) {
      requireUnused(client);
      Path fresh = clients.resolve("." + client + ".new");
      try {
        Files.deleteIfExists(fresh);
        OverlayFile.create(fresh, opener, id.value(), sizeBytes, backing);
        Path file = file(client);
        if (Files.exists(file)) {
          trash.keep(file);
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        HostFiles.syncFolder(clients);
      } catch (IOException failure) {
        deleteQuietly(fresh);
        throw Failures.of("cannot make a disk for " + client, failure);
      }
    }
    trash.empty();
  }

  private static void deleteQuietly(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException failed) {
      LOG.warn("cannot delete {}: {}", file, failed.toString());
    }
  }

  @Override
  public LeasedDisk openOverlay(String client, OverlayId id) throws StoreException {
    requireOpen();
    requireName("a client", client);
    synchronized (nameLock(client)) {
      requireUnused(client);
      LeasedDisk former = users.get(client);
      if (former != null) {
        former.fence().toCompletableFuture().join(); // two writers of one file must never meet
      }
      LeasedDisk disk;
      try {
        disk = lease(client, id);
      } catch (NoSuchFileException gone) {
        throw new StoreException(
            Kind.LOST, "the disk of %s is lost: %s is missing".formatted(client, file(client)));
      } catch (IOException failure) {
        throw Failures.of("cannot open the disk of " + client, failure);
      }
      return disk;
    }
  }

  private LeasedDisk lease(String client, OverlayId id) throws StoreException, IOException {
    OverlayFile file = OverlayFile.open(file(client), opener);
    boolean taken = false;
    try {
      if (!file.identity().equals(id.value())) {
        throw new StoreException(
            Kind.OTHER_OVERLAY,
            "the disk of %s is overlay %s, not %s".formatted(client, file.identity(), id));
      }
      GoldenVersion base = base(client, file.backingName());
      RawImage image;
      try {
        image = shares.acquire(base);
      } catch (IOException failure) {
        throw Failures.of("cannot open " + base, failure);
      }
      AtomicReference<LeasedDisk> user = new AtomicReference<>();
      LeasedDisk disk =
          lease(
              released ->
                  file.device(
                      image,
                      threads,
                      tables,
                      () -> {
                        users.remove(client, user.get());
                        released.run();
                      }),
              base);
      taken = true;
      user.set(disk);
      users.put(client, disk);
      return disk;
    } finally {
      if (!taken) {
        file.close();
      }
    }
  }

  private GoldenVersion base(String client, String backing) throws StoreException {
    Matcher name = BACKING.matcher(backing);
    if (!name.matches() || !ImageStore.isName(name.group(1))) {
      throw new StoreException(
          Kind.CORRUPT,
          "the disk of %s stands on \"%s\", which is no golden version".formatted(client, backing));
    }
    int number = Integer.parseInt(name.group(2));
    return golden
        .find(name.group(1), number)
        .orElseThrow(
            () ->
                new StoreException(
                    Kind.NOT_FOUND,
                    "the disk of %s stands on %s@%d, which is not in the store; restore it"
                        .formatted(client, name.group(1), number)));
  }

  /** Makes a device, told what to run when it is closed. */
  private interface Maker {
    BlockDevice make(Runnable released) throws IOException;
  }

  /** Leases a device that stands on a share of {@code base} that is the lease's from now on. */
  private LeasedDisk lease(Maker maker, GoldenVersion base) throws IOException {
    AtomicReference<LeasedDisk> lease = new AtomicReference<>();
    boolean made = false;
    try {
      BlockDevice device =
          maker.make(
              () -> {
                leases.remove(lease.get());
                shares.release(base);
              });
      made = true;
      LeasedDisk disk = new LeasedDisk(device);
      lease.set(disk);
      leases.add(disk);
      return disk;
    } finally {
      if (!made) {
        shares.release(base);
      }
    }
  }

  @Override
  public long overlayBytes(String client) throws StoreException {
    requireName("a client", client);
    try {
      return Files.size(file(client));
    } catch (NoSuchFileException none) {
      return 0;
    } catch (IOException failure) {
      throw Failures.of("cannot measure the disk of " + client, failure);
    }
  }

  @Override
  public void removeOverlay(String client) throws StoreException {
    requireOpen();
    requireName("a client", client);
    synchronized (nameLock(client)) {
      requireUnused(client);
      try {
        trash.move(file(client));
        HostFiles.syncFolder(clients);
      } catch (NoSuchFileException none) {
        return;
      } catch (IOException failure) {
        throw Failures.of("cannot remove the disk of " + client, failure);
      }
      users.remove(client);
    }
    trash.empty();
  }

  private Object nameLock(String client) {
    return nameLocks[Math.floorMod(client.hashCode(), nameLocks.length)];
  }

  private Path file(String client) {
    return clients.resolve(client + ".qcow2");
  }

  private GoldenVersion known(GoldenVersion version) throws StoreException {
    return golden
        .find(version.name(), version.number())
        .orElseThrow(
            () -> new StoreException(Kind.NOT_FOUND, "there is no image version " + version));
  }

  private void requireUnused(String client) throws StoreException {
    LeasedDisk user = users.get(client);
    if (user != null && !user.ended()) {
      throw new StoreException(Kind.IN_USE, "the disk of " + client + " is in use");
    }
  }

  /** The directory may belong to another process by now. */
  private void requireOpen() {
    if (closed.get()) {
      throw new IllegalStateException("the store is closed");
    }
  }

  private static void requireName(String what, String name) throws StoreException {
    if (!ImageStore.isName(name)) {
      throw new StoreException(
          Kind.INVALID,
          "\"%s\" cannot name %s: 1 to 63 of a-z 0-9 . - are allowed, the first a letter or digit, no .."
              .formatted(name, what));
    }
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    for (LeasedDisk disk : leases) {
      disk.close();
    }
    trash.close();
    threads.close();
    try {
      lock.close();
    } catch (IOException failed) {
      LOG.warn("the data directory's lock did not close well: {}", failed.toString());
    }
  }
}
