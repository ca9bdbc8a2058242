// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.qcow2.TableCache;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a store is made of, and what all that it does needs. */
final class StoreParts implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StoreParts.class);

  private final DataLock lock;
  final HostFiles.Opener opener;
  final GoldenFiles golden;
  final GoldenShares shares;
  private final BackingNames backings;
  final DiskLeases leases;
  final Versions versions;
  final Places places;
  final Snapshots snapshots;
  final LocalDataDisks dataDisks;
  private final Trash trash;
  final StoreSpace space;
  private final IoThreads threads = new IoThreads();

  /** Held for writing by who removes a version, for reading by who makes something stand on one. */
  final ReadWriteLock standing = new ReentrantReadWriteLock();

  private final AtomicBoolean closed = new AtomicBoolean();

  StoreParts(
      Path data,
      Path memory,
      DataLock lock,
      HostFiles.Opener opener,
      LongSupplier limit,
      LongSupplier memoryLimit)
      throws StoreException, IOException {
    this.lock = lock;
    this.opener = opener;
    space = new StoreSpace(limit);
    golden = new GoldenFiles(data.resolve("images"), opener);
    shares = new GoldenShares(golden, opener);
    backings = new BackingNames(golden, opener);
    leases = new DiskLeases(shares, threads);
    Path clients = data.resolve("clients");
    opener.makeFolder(clients);
    trash = new Trash(clients.resolve(".trash"), opener);
    TableCache tables = new TableCache(Limits.CACHED_MAP_SLICES);
    MemoryOverlays inMemory =
        new MemoryOverlays(
            new MemoryFolder(memory, data),
            StoreSpace.inMemory(memoryLimit),
            opener,
            (files, bin, memorySpace) -> overlays(files, bin, memorySpace, tables));
    Overlays onDisk = overlays(new OverlayFiles(clients, opener, trash), trash, space, tables);
    space.countAll(onDisk.files().clients(), onDisk.files()::count);
    places = new Places(onDisk, inMemory);
    dataDisks = new LocalDataDisks(clients.resolve("disks"), opener, trash, threads, tables, space);
    snapshots =
        new Snapshots(data.resolve("snapshots"), opener, places, backings, shares, space, trash);
    versions = new Versions(golden, shares, opener, trash, new VersionSpace(space, opener, golden));
    opener.syncFolder(data); // the folders themselves may be new
    trash.empty();
  }

  private Overlays overlays(OverlayFiles files, Trash trash, StoreSpace space, TableCache tables) {
    OverlayUsers users =
        new OverlayUsers(files, opener, backings, shares, leases, threads, space, tables);
    OverlayFilling filling =
        new OverlayFilling(files, users, opener, shares, trash, threads, space, tables);
    return new Overlays(files, users, filling, opener, trash, space);
  }

  /** While this is held no version goes away. */
  interface Standing extends AutoCloseable {
    @Override
    void close();
  }

  Standing stand() {
    Lock held = standing.readLock();
    held.lock();
    return held::unlock;
  }

  GoldenVersion known(GoldenVersion version) throws StoreException {
    return golden
        .find(version.name(), version.number())
        .orElseThrow(
            () -> new StoreException(Kind.NOT_FOUND, "there is no image version " + version));
  }

  /** The directory may belong to another process by now. */
  void requireOpen() {
    if (closed.get()) {
      throw new IllegalStateException("the store is closed");
    }
  }

  static String requireName(String what, String name) throws StoreException {
    if (!ImageStore.isName(name)) {
      throw new StoreException(
          Kind.INVALID,
          "\"%s\" cannot name %s: 1 to 63 of a-z 0-9 . - are allowed, the first a letter or digit, no .."
              .formatted(name, what));
    }
    return name;
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    space.close();
    versions.close();
    dataDisks.close();
    leases.close();
    places.memory().close();
    trash.close();
    threads.close();
    try {
      lock.close();
    } catch (IOException failed) {
      LOG.warn("the data directory's lock did not close well: {}", failed.toString());
    }
  }
}
