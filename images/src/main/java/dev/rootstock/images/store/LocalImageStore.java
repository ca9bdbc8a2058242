// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The store in local files. Being written: every operation says so until it is. */
public final class LocalImageStore implements ImageStore {

  private LocalImageStore() {}

  /**
   * Opens the store in a data directory, which is made when it is not there, and takes it for this
   * process. What an interrupted import or deletion left behind is swept away.
   *
   * @throws StoreException IN_USE naming the process that has it; IO
   */
  public static LocalImageStore open(Path data) throws StoreException {
    if (data.getNameCount() >= 0) {
      throw unfinished();
    }
    return new LocalImageStore();
  }

  private static UnsupportedOperationException unfinished() {
    return new UnsupportedOperationException("the local store is being written");
  }

  @Override
  public GoldenVersion importRaw(Path file, String name, Progress progress) {
    throw unfinished();
  }

  @Override
  public List<GoldenVersion> versions() {
    throw unfinished();
  }

  @Override
  public Optional<GoldenVersion> find(String name, int number) {
    throw unfinished();
  }

  @Override
  public Optional<GoldenVersion> defaultVersion(String name) {
    throw unfinished();
  }

  @Override
  public void verify(GoldenVersion version, Progress progress) {
    throw unfinished();
  }

  @Override
  public LeasedDisk openReadOnly(GoldenVersion version) {
    throw unfinished();
  }

  @Override
  public void createOverlay(String client, OverlayId id, GoldenVersion base, long sizeBytes) {
    throw unfinished();
  }

  @Override
  public LeasedDisk openOverlay(String client, OverlayId id) {
    throw unfinished();
  }

  @Override
  public long overlayBytes(String client) {
    throw unfinished();
  }

  @Override
  public void removeOverlay(String client) {
    throw unfinished();
  }

  @Override
  public void close() {}
}
