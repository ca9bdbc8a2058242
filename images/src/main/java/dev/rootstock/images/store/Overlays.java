// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.file.MeteredFile;
import dev.rootstock.images.file.Space;
import dev.rootstock.images.golden.GoldenImage;
import dev.rootstock.images.golden.LayerWriter;
import dev.rootstock.images.golden.MapCache;
import dev.rootstock.images.golden.Qcow2Image;
import dev.rootstock.images.qcow2.OverlayFile;
import dev.rootstock.images.qcow2.TableCache;
import dev.rootstock.images.raw.RawDevice;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Clients' overlays, and every disk that is in use; {@link OverlayFiles} has their names. */
final class Overlays {
  private static final Logger LOG = LoggerFactory.getLogger(Overlays.class);

  /** The only backing names that are ever opened: what an overlay's header says is not trusted. */
  private static final Pattern BACKING =
      Pattern.compile("\\.\\./images/([^/]{1,63})/([1-9][0-9]{0,5})\\.(raw|qcow2)");

  private final OverlayFiles files;
  private final HostFiles.Opener opener;
  private final GoldenFiles golden;
  private final GoldenShares shares;
  private final Trash trash;
  private final IoThreads threads;
  private final StoreSpace space;
  private final TableCache tables;

  /** Every lease that is not closed. */
  private final Set<LeasedDisk> leases = ConcurrentHashMap.newKeySet();

  /** A client's disk that is in use. */
  private record User(LeasedDisk disk, CopyableDevice device, GoldenVersion base) {}

  /** The last use of each client's overlay, until it is closed. */
  private final ConcurrentHashMap<String, User> users = new ConcurrentHashMap<>();

  /**
   * What is done to overlays by name excludes itself, each for a share of the names: it waits for
   * the disk, and one client's slow disk must not keep others from their logins.
   */
  private final Object[] nameLocks = new Object[Limits.NAME_LOCKS];

  /** Clients whose overlay is open for nothing but being copied. */
  private final Set<String> copied = ConcurrentHashMap.newKeySet();

  /** Those of them whose overlay goes when the copy has ended. */
  private final Set<String> forgotten = ConcurrentHashMap.newKeySet();

  /** Overlays are filled one at a time: each takes a disk's whole speed. */
  private final Object filling = new Object();

  Overlays(
      OverlayFiles files,
      HostFiles.Opener opener,
      GoldenFiles golden,
      GoldenShares shares,
      Trash trash,
      IoThreads threads,
      StoreSpace space,
      TableCache tables) {
    this.tables = tables;
    this.files = files;
    this.space = space;
    this.opener = opener;
    this.golden = golden;
    this.shares = shares;
    this.trash = trash;
    this.threads = threads;
    Arrays.setAll(nameLocks, i -> new Object());
  }

  LeasedDisk openReadOnly(GoldenVersion version) throws StoreException {
    try {
      GoldenImage image = shares.acquire(version);
      return lease(released -> new RawDevice(image, threads, released), version);
    } catch (IOException failure) {
      throw Failures.of("cannot open " + version, failure);
    }
  }

  /** Gives a client a new, empty overlay, durable when this returns. */
  void createOverlay(String client, OverlayId id, GoldenVersion base, long sizeBytes)
      throws StoreException {
    checkSize(client, base, sizeBytes);
    synchronized (nameLock(client)) {
      requireUnused(client);
      closeFormer(client);
      Path fresh = files.fresh(client, "");
      try {
        opener.delete(fresh);
        OverlayFile.create(fresh, opener, id.value(), sizeBytes, backing(base));
        files.replace(client, fresh);
        count(client);
      } catch (IOException failure) {
        files.deleteQuietly(fresh);
        count(client);
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
    synchronized (nameLock(client)) {
      requireUnused(client);
      closeFormer(client);
      try {
        if (files.isThere(client, id)) {
          return;
        }
        files.putFresh(client, id.value(), sizeBytes, backing(base));
        count(client);
      } catch (IOException failure) {
        files.deleteQuietly(files.fresh(client, ""));
        count(client);
        throw Failures.of("cannot make a disk for " + client, failure);
      } finally {
        trash.empty();
      }
    }
  }

  /** Counts what the client's overlay takes, which nobody uses now. */
  private void count(String client) {
    count(space.account(client));
  }

  /** The same of an account. */
  void count(StoreSpace.Account account) {
    Path file = files.file(account.client());
    account.journal.set(files.allocated(OverlayFile.journal(file)));
    account.overlay.set(files.allocated(file));
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

  static String backing(GoldenVersion base) {
    return "../images/%s/%s".formatted(base.name(), base.file());
  }

  /**
   * Gives a client a new overlay that shows the content of another disk; blocks for as long as the
   * copying takes.
   */
  void fill(String client, OverlayId id, GoldenVersion base, GoldenImage content, Progress progress)
      throws StoreException {
    checkSize(client, base, content.size());
    Path fresh = files.fresh(client, ".filling");
    // The client has both disks until this one takes the other's place: only the store's limit
    // counts for the new one meanwhile.
    StoreSpace.Share room = space.share();
    synchronized (filling) {
      try {
        opener.delete(fresh);
        OverlayFile.create(fresh, opener, id.value(), content.size(), backing(base));
        GoldenImage below = shares.acquire(base);
        try (BlockDevice device = filled(fresh, below, room)) {
          DeviceFill.copy(content, below, device, progress);
        } finally {
          shares.release(base);
        }
        if (Files.exists(OverlayFile.journal(fresh))) {
          throw new IOException("the new disk did not close well; the log says why");
        }
        synchronized (nameLock(client)) {
          requireUnused(client);
          closeFormer(client);
          // The new overlay may have the old one's identity, but it was closed: no journal comes
          // over it. Until it has the name, the old one keeps its own.
          try {
            files.replace(client, fresh);
          } finally {
            room.set(0);
            count(client); // it may have the name although that is not known to be durable
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

  private BlockDevice filled(Path fresh, GoldenImage below, Space room) throws IOException {
    OverlayFile file = OverlayFile.open(fresh, opener);
    try {
      return file.device(below, threads, tables, room, Space.unlimited(), () -> {}, () -> {});
    } catch (IOException | RuntimeException failure) {
      file.close();
      throw failure;
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
    User user;
    boolean ours = false;
    boolean whole = false;
    synchronized (nameLock(client)) {
      user = users.get(client);
      if (user == null || user.disk.ended()) {
        closeFormer(client);
        try {
          user = lease(client, id, BeforeFlushed.KNOWN);
        } catch (NoSuchFileException none) {
          throw new StoreException(Kind.NOT_FOUND, client + " has no disk of its own", none);
        } catch (IOException failure) {
          throw Failures.of("cannot open the disk of " + client, failure);
        }
        ours = true;
        copied.add(client);
      }
    }
    try {
      copyMoment(user, file, room, progress);
      whole = true;
      return user.base;
    } catch (IOException failure) {
      throw Failures.of("cannot copy the disk of " + client, failure);
    } finally {
      if (!whole) {
        files.deleteQuietly(file);
        room.set(0);
      }
      if (ours) {
        endCopied(client, user);
      }
    }
  }

  private void endCopied(String client, User user) {
    synchronized (nameLock(client)) {
      user.disk.close();
      copied.remove(client);
      if (forgotten.remove(client)) {
        try {
          removeOverlay(client);
        } catch (StoreException failed) {
          LOG.warn("the disk of {}, which was removed, stays: {}", client, failed.getMessage());
        }
      }
    }
  }

  /**
   * Takes away the overlay of a client that is no longer known. One that is just being copied goes
   * when that has ended; nobody gets a disk of this name before.
   */
  void forget(String client) throws StoreException {
    synchronized (nameLock(client)) {
      if (copied.contains(client)) {
        forgotten.add(client);
      } else {
        removeOverlay(client);
      }
    }
  }

  private void copyMoment(User user, Path file, Space room, Progress progress)
      throws StoreException, IOException {
    long size = user.device.geometry().sizeBytes();
    try (LayerWriter layer =
        new LayerWriter(
            new MeteredFile(opener.open(file, HostFiles.Mode.CREATE), room),
            size,
            backing(user.base))) {
      MomentCopy copy = new MomentCopy(user.disk.device(), user.device.inner(), layer);
      if (!user.device.copyFirst(copy)) {
        throw new StoreException(Kind.IN_USE, "this disk is being copied already; wait for it");
      }
      try {
        copy.run(progress);
      } catch (IOException | RuntimeException failed) {
        copy.giveUp(new IOException(failed.getMessage(), failed));
        throw failed;
      } finally {
        user.device.copied();
      }
      layer.finish();
    }
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
  }

  /** Goes through a client's overlay, brought up to date; nobody may use it meanwhile. */
  void check(String client) throws StoreException {
    synchronized (nameLock(client)) {
      requireUnused(client);
      closeFormer(client);
      try {
        lease(client, null, BeforeFlushed.KNOWN).disk.close();
        Path file = files.file(client);
        try (Qcow2Image tables =
            Qcow2Image.open(file, opener, new MapCache(Limits.IMPORT_MAP_BYTES), null)) {
          tables.checkTables();
        }
      } catch (NoSuchFileException none) {
        throw new StoreException(Kind.NOT_FOUND, client + " has no disk of its own", none);
      } catch (IOException failure) {
        throw Failures.of("the disk of " + client, failure);
      }
    }
  }

  /** The golden version that a layer or an overlay of ours stands on, by its header. */
  GoldenVersion baseOf(String client, Path layer) throws StoreException, IOException {
    String backing = Qcow2Image.header(layer, opener).backingName();
    return base(client, backing == null ? "" : backing);
  }

  /** Their names. */
  OverlayFiles files() {
    return files;
  }

  /** Whether a client has an overlay here. */
  boolean has(String client) {
    return Files.exists(files.file(client));
  }

  LeasedDisk openOverlay(String client, OverlayId id, LongSupplier limit, BeforeFlushed told)
      throws StoreException {
    synchronized (nameLock(client)) {
      requireUnused(client);
      closeFormer(client);
      LeasedDisk disk;
      try {
        space.account(client).limit(limit);
        disk = lease(client, id, told).disk;
      } catch (NoSuchFileException gone) {
        throw new StoreException(
            Kind.LOST,
            "the disk of %s is lost: %s is missing".formatted(client, files.file(client)));
      } catch (IOException failure) {
        throw Failures.of("cannot open the disk of " + client, failure);
      }
      return disk;
    }
  }

  /**
   * Opens a client's overlay.
   *
   * @param id the identity that it has to have; null for whichever it has
   */
  private User lease(String client, @Nullable OverlayId id, BeforeFlushed told)
      throws StoreException, IOException {
    OverlayFile file = OverlayFile.open(files.file(client), opener);
    boolean taken = false;
    try {
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
      GoldenVersion base = base(client, file.backingName());
      GoldenImage image;
      try {
        image = shares.acquire(base);
      } catch (IOException failure) {
        throw Failures.of("cannot open " + base, failure);
      }
      StoreSpace.Account account = space.account(client);
      AtomicReference<@Nullable User> using = new AtomicReference<>();
      AtomicReference<CopyableDevice> device = new AtomicReference<>();
      LeasedDisk disk =
          lease(
              released -> {
                CopyableDevice made =
                    new CopyableDevice(
                        file.device(
                            image,
                            threads,
                            tables,
                            account.overlay,
                            account.journal,
                            () -> makeDurable(told),
                            () -> {
                              count(client);
                              users.remove(client, using.get());
                              released.run();
                            }));
                device.set(made);
                return made;
              },
              base);
      taken = true;
      User user = new User(disk, Objects.requireNonNull(device.get()), base);
      using.set(user);
      users.put(client, user);
      return user;
    } finally {
      if (!taken) {
        file.close();
      }
    }
  }

  /** The file of a disk is durable, and its user is about to be told so. */
  private void makeDurable(BeforeFlushed told) throws IOException {
    files.syncNames();
    told.record();
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
        .filter(version -> backing.endsWith("/" + version.file()))
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
    synchronized (nameLock(client)) {
      requireUnused(client);
      closeFormer(client);
      try {
        if (!files.remove(client)) {
          return;
        }
      } catch (IOException failure) {
        count(client);
        throw Failures.of("cannot remove the disk of " + client, failure);
      }
      count(client); // a journal that could not be deleted is still there
      users.remove(client);
    }
    trash.empty();
  }

  /**
   * Closes the files of a lease that has ended, before others are opened or take their names: two
   * writers of one file must never meet, nor one find the other's journal.
   */
  private void closeFormer(String client) {
    User former = users.get(client);
    if (former != null) {
      former.disk.close();
    }
  }

  private Object nameLock(String client) {
    return nameLocks[Math.floorMod(client.hashCode(), nameLocks.length)];
  }

  private void requireUnused(String client) throws StoreException {
    User user = users.get(client);
    if (user != null && !user.disk.ended()) {
      throw new StoreException(
          Kind.IN_USE,
          "the disk of %s is %s"
              .formatted(client, user.device.isCopied() ? "being copied; wait for it" : "in use"));
    }
  }

  /** Closes every lease. */
  void close() {
    for (LeasedDisk disk : leases) {
      disk.close();
    }
  }
}
