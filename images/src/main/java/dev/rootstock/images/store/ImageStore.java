// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.block.Usage;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Golden versions and the overlays grafted onto them.
 *
 * <p>Safe for use by many threads. Every method may wait for a disk, so none is for an event loop;
 * the disks that it leases are asynchronous. The store knows clients by name only: who may have
 * which disk when is decided elsewhere.
 */
public interface ImageStore extends AutoCloseable {

  /** What image and client names look like; they become file names. See {@link #isName}. */
  Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9.-]{0,62}");

  /** Whether the text may name an image or a client: {@link #NAME}, and no {@code ..} in it. */
  static boolean isName(String text) {
    return NAME.matcher(text).matches() && !text.contains("..");
  }

  /**
   * Copies a disk image into the store as the next version of an image, which becomes the default.
   * The copy is durable when this returns; if it fails or is interrupted nothing of it stays.
   *
   * @param file a regular file or a block device; of qcow2 the files below it have to lie beside it
   * @param name the image; it is made by its first version
   * @param format null to find out by the file's content
   * @throws StoreException INVALID (name, size, a damaged image, or one that needs a tool which is
   *     not there), NOT_FOUND (no such file), NO_SPACE, IO
   */
  GoldenVersion importImage(
      Path file, String name, @Nullable SourceFormat format, Progress progress)
      throws StoreException;

  /**
   * Makes a disk of zeros the next version of an image.
   *
   * @throws StoreException INVALID (name, size), NO_SPACE, IO
   */
  GoldenVersion createBlank(String name, long sizeBytes, Progress progress) throws StoreException;

  /** Every version of every image, by name and then by number. */
  List<GoldenVersion> versions();

  /** One version. */
  Optional<GoldenVersion> find(String name, int number);

  /** The version that new boots of clients of this image get. */
  Optional<GoldenVersion> defaultVersion(String name);

  /**
   * New boots get this version from now on, older or newer than the one they get now.
   *
   * @throws StoreException NOT_FOUND, IO
   */
  void setDefault(GoldenVersion version) throws StoreException;

  /** The version that this one's file stands on as a delta; empty when it is whole. */
  Optional<GoldenVersion> parent(GoldenVersion version) throws StoreException;

  /** Bytes of a version's file, without what it stands on; holes count. */
  long fileBytes(GoldenVersion version) throws StoreException;

  /** Clients whose overlay or snapshot stands on a version, as people name them. */
  List<String> usersOf(GoldenVersion version) throws StoreException;

  /**
   * Takes a version out of the store. Its number is not given again.
   *
   * @throws StoreException IN_USE naming the clients, snapshots or versions that stand on it;
   *     NOT_FOUND, IO
   */
  void removeVersion(GoldenVersion version) throws StoreException;

  /**
   * Reads a version whole and compares its checksums with those that were stored when it was made.
   *
   * @throws StoreException CORRUPT when they differ; NOT_FOUND, IO
   */
  void verify(GoldenVersion version, Progress progress) throws StoreException;

  /**
   * Writes a version into a file outside the store, whole or not at all.
   *
   * @param file must not exist
   * @throws StoreException INVALID (the file exists, or the format needs a tool that is not there),
   *     NOT_FOUND, NO_SPACE, IO
   */
  void export(GoldenVersion version, Path file, SourceFormat format, Progress progress)
      throws StoreException;

  /**
   * Makes what a client's disk shows the next version of an image, which becomes the default. The
   * client keeps its overlay. Where the disk stands on the same image, only what differs is stored.
   *
   * @param snapshot one of the client's snapshots; null for the disk as it is now, which is copied
   *     at one moment when it is in use: what a power failure would leave
   * @throws StoreException NOT_FOUND (no such disk or snapshot), IN_USE (it is being copied
   *     already), INVALID, NO_SPACE, IO
   */
  GoldenVersion publish(String name, String client, @Nullable String snapshot, Progress progress)
      throws StoreException;

  /**
   * A disk that shows a golden version and cannot be written. Many leases of one version may live
   * at the same time.
   *
   * @throws StoreException NOT_FOUND, CORRUPT (its size is not what was stored), IO
   */
  LeasedDisk openReadOnly(GoldenVersion version) throws StoreException;

  /**
   * Gives a client a new, empty overlay, in a time that does not depend on any size. It is durable
   * when this returns. An overlay that the client had is set aside in the same atomic step and
   * deleted in the background.
   *
   * @param sizeBytes the size of the client's disk, a multiple of 512, at least that of the base;
   *     what lies beyond the base reads as zeros
   * @throws StoreException IN_USE when a lease of the client's overlay is neither fenced nor
   *     closed; INVALID, NOT_FOUND, NO_SPACE, IO
   */
  void createOverlay(String client, OverlayId id, GoldenVersion base, long sizeBytes)
      throws StoreException;

  /**
   * Sees to it that a client has this overlay, in a time that does not depend on any size, and
   * without waiting for a disk. Where it is there it stays as it is, whatever was written to it;
   * else an empty one takes the place of whatever the client has.
   *
   * <p>The new overlay may be lost with the power until its first flush; a lease of it has to be
   * opened with a {@link BeforeFlushed} that writes down when that has come. Until then, and only
   * then, this may be called again, and gives the client an empty disk where the old one is lost.
   *
   * <p>One that the client has in another place goes when this one is there.
   *
   * @param sizeBytes as for {@link #createOverlay}
   * @throws StoreException as {@link #createOverlay}; INVALID where the place is not what it has to
   *     be
   */
  void provideOverlay(String client, OverlayId id, GoldenVersion base, long sizeBytes, Place place)
      throws StoreException;

  /** The same in the data directory. */
  default void provideOverlay(String client, OverlayId id, GoldenVersion base, long sizeBytes)
      throws StoreException {
    provideOverlay(client, id, base, sizeBytes, Place.DISK);
  }

  /**
   * Whether an overlay could be made in memory now.
   *
   * @throws StoreException INVALID or NO_SPACE saying why not; IO
   */
  void checkMemory() throws StoreException;

  /**
   * A client's disk.
   *
   * @param told hears of the first flush before the client does
   * @param id the identity that the caller believes the overlay to have
   * @param limit the bytes that the client may take with its overlay, its journal and its
   *     snapshots, {@link Long#MAX_VALUE} for no limit; asked at each allocation from now on, also
   *     behind this lease
   * @throws StoreException LOST when there is no overlay, OTHER_OVERLAY when there is another one,
   *     CORRUPT when its tables are damaged, IN_USE when a lease of it is neither fenced nor
   *     closed, NOT_FOUND when its golden version is gone, IO
   */
  LeasedDisk openOverlay(
      String client, OverlayId id, Place place, LongSupplier limit, BeforeFlushed told)
      throws StoreException;

  /** The same in the data directory. */
  default LeasedDisk openOverlay(
      String client, OverlayId id, LongSupplier limit, BeforeFlushed told) throws StoreException {
    return openOverlay(client, id, Place.DISK, limit, told);
  }

  /** The same of an overlay that {@link #createOverlay} made, or that was flushed before. */
  default LeasedDisk openOverlay(String client, OverlayId id, LongSupplier limit)
      throws StoreException {
    return openOverlay(client, id, limit, BeforeFlushed.KNOWN);
  }

  /** The same without a limit. */
  default LeasedDisk openOverlay(String client, OverlayId id) throws StoreException {
    return openOverlay(client, id, () -> Long.MAX_VALUE);
  }

  /**
   * Keeps what a client's disk is at this moment, whether it is in use or not.
   *
   * @param name a {@link #isName name} that no other snapshot of the client has
   * @throws StoreException INVALID (name), NOT_FOUND (no disk of its own), IN_USE (it is being
   *     copied already), NO_SPACE, IO
   */
  Snapshot snapshot(String client, String name, Progress progress) throws StoreException;

  /** A client's snapshots, the oldest first. */
  List<Snapshot> snapshots(String client) throws StoreException;

  /**
   * Forgets a snapshot.
   *
   * @throws StoreException NOT_FOUND, IO
   */
  void removeSnapshot(String client, String name) throws StoreException;

  /**
   * Gives a client a new overlay that shows what a snapshot has kept.
   *
   * @return the version that it stands on
   * @throws StoreException NOT_FOUND, NO_SPACE, IO; IN_USE as {@link #createOverlay}
   */
  GoldenVersion restore(String client, String snapshot, OverlayId id, Progress progress)
      throws StoreException;

  /**
   * Gives a client a new overlay on another version that shows what its disk shows now.
   *
   * @throws StoreException NOT_FOUND, INVALID (the version is larger than the disk), NO_SPACE, IO;
   *     IN_USE as {@link #createOverlay}
   */
  void rebase(String client, GoldenVersion base, OverlayId id, Progress progress)
      throws StoreException;

  /**
   * Writes a client's disk, as it is at this moment, into a file outside the store.
   *
   * @throws StoreException as {@link #export} and {@link #snapshot}
   */
  void exportClient(String client, Path file, SourceFormat format, Progress progress)
      throws StoreException;

  /**
   * Brings a client's overlay up to date and goes through its tables.
   *
   * @throws StoreException CORRUPT naming what is wrong where; NOT_FOUND, IN_USE, IO
   */
  void checkOverlay(String client) throws StoreException;

  /** Bytes that the client's overlay takes in the store; 0 when it has none. */
  long overlayBytes(String client) throws StoreException;

  /**
   * What the store takes, and may take: versions, and clients' overlays, journals and snapshots, by
   * the blocks of their files. What waits to be deleted in the background is not in it.
   */
  Usage usage();

  /** What overlays in memory take together, and may take. */
  Usage memoryUsage();

  /** Bytes that a client's overlay, its journal and its snapshots take together. */
  long clientBytes(String client) throws StoreException;

  /**
   * Says what clients may take, {@link Long#MAX_VALUE} for no limit; asked at each allocation, on
   * any thread. It counts for snapshots too, and for a client that no lease has given a limit.
   */
  void limits(ToLongFunction<String> ofClient);

  /**
   * Says which overlay is a client's own, nothing where it has none; asked on any thread when the
   * disk of a client is copied that nobody uses. Power loss may bring an older file back under the
   * client's name, before the new one's first flush: that is nobody's disk, and never copied.
   */
  void overlays(Function<String, Optional<OverlayId>> ofClient);

  /**
   * Takes a client's overlay out of the store; its file is deleted in the background. Nothing
   * happens when there is none. Its snapshots stay.
   *
   * @throws StoreException IN_USE when a lease of it is neither fenced nor closed; IO
   */
  void removeOverlay(String client) throws StoreException;

  /** The disks of clients that stand on no golden version. */
  DataDisks dataDisks();

  /** Names of everybody who has a disk or a snapshot, in order. */
  List<String> clients() throws StoreException;

  /**
   * Takes everything of a client out of the store that is no longer known. A disk of it that nobody
   * uses and that is just being copied goes when the copy has ended.
   */
  void forget(String client) throws StoreException;

  /** Closes every lease of an overlay, while those who hear of first flushes still can; blocks. */
  void endLeases();

  /** Closes every lease and ends the store's threads; the data directory is free afterwards. */
  @Override
  void close();
}
