// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import java.nio.file.Path;
import java.util.List;

/**
 * Disks that belong to one client and stand on no golden version: they begin as zeros, take room as
 * they are written, and stay over all boots until they are removed. Each is known by client and
 * identity, so a new one never meets the bytes of an older.
 *
 * <p>Safe for use by many threads; every method may wait for a disk.
 */
public interface DataDisks {

  /**
   * A data disk in the store.
   *
   * @param fileBytes what it takes
   */
  record DataDisk(String client, OverlayId id, long fileBytes) {}

  /**
   * Makes an empty disk, in a time that does not depend on its size. It is durable when this
   * returns.
   *
   * @param sizeBytes a positive multiple of 512, at most {@link
   *     dev.rootstock.images.Limits#MAX_DISK_BYTES}
   * @throws StoreException INVALID (size, or there is such a disk), NO_SPACE, IO
   */
  void create(String client, OverlayId id, long sizeBytes) throws StoreException;

  /**
   * A disk, for one boot. What it takes counts to its client's limit and to the store's.
   *
   * @throws StoreException LOST when it is missing, OTHER_OVERLAY when another one stands in its
   *     place, CORRUPT when its tables are damaged, IN_USE when a lease of it is neither fenced nor
   *     closed, IO
   */
  LeasedDisk open(String client, OverlayId id) throws StoreException;

  /** Every data disk there is, of all clients. */
  List<DataDisk> all() throws StoreException;

  /** Bytes that a disk takes in the store; 0 when it is missing. */
  long bytes(String client, OverlayId id) throws StoreException;

  /**
   * Brings a disk up to date after a crash and goes through its tables.
   *
   * @throws StoreException CORRUPT naming what is wrong where; NOT_FOUND, IN_USE, IO
   */
  void check(String client, OverlayId id) throws StoreException;

  /**
   * Writes a disk, as it is at this moment, into a file outside the store, whole or not at all.
   *
   * @param file must not exist
   * @throws StoreException INVALID, NOT_FOUND, IN_USE (it is being copied already), NO_SPACE, IO
   */
  void export(String client, OverlayId id, Path file, SourceFormat format, Progress progress)
      throws StoreException;

  /**
   * Takes a disk out of the store; its file is deleted in the background. Nothing happens when it
   * is missing.
   *
   * @throws StoreException IN_USE when a lease of it is neither fenced nor closed; IO
   */
  void remove(String client, OverlayId id) throws StoreException;
}
