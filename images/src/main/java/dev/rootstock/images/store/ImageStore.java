// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

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
   * Copies a raw disk image into the store as the next version of an image, which becomes the
   * default. The copy is durable when this returns; if it fails or is interrupted nothing of it
   * stays.
   *
   * @param file a regular file or a block device, its size a positive multiple of 512 bytes
   * @param name the image; it is made by its first version
   * @throws StoreException INVALID (name, size, or a format other than raw), NOT_FOUND (no such
   *     file), NO_SPACE, IO
   */
  GoldenVersion importRaw(Path file, String name, Progress progress) throws StoreException;

  /** Every version of every image, by name and then by number. */
  List<GoldenVersion> versions();

  /** One version. */
  Optional<GoldenVersion> find(String name, int number);

  /** The version that new boots of clients of this image get. */
  Optional<GoldenVersion> defaultVersion(String name);

  /**
   * Reads a version whole and compares its checksum with the one that was stored at its import.
   *
   * @throws StoreException CORRUPT when they differ; NOT_FOUND, IO
   */
  void verify(GoldenVersion version, Progress progress) throws StoreException;

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
   * A client's disk.
   *
   * @param id the identity that the caller believes the overlay to have
   * @throws StoreException LOST when there is no overlay, OTHER_OVERLAY when there is another one,
   *     CORRUPT when its tables are damaged, IN_USE when a lease of it is neither fenced nor
   *     closed, NOT_FOUND when its golden version is gone, IO
   */
  LeasedDisk openOverlay(String client, OverlayId id) throws StoreException;

  /** Bytes that the client's overlay takes in the store; 0 when it has none. */
  long overlayBytes(String client) throws StoreException;

  /**
   * Takes a client's overlay out of the store; its file is deleted in the background. Nothing
   * happens when there is none.
   *
   * @throws StoreException IN_USE when a lease of it is neither fenced nor closed; IO
   */
  void removeOverlay(String client) throws StoreException;

  /** Closes every lease and ends the store's threads; the data directory is free afterwards. */
  @Override
  void close();
}
