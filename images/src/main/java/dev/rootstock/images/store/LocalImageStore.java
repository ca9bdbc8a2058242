// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.file.HostFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/**
 * The store in local files: {@code images/<name>/<version>.raw|.qcow2}, {@code
 * clients/<client>.qcow2} and {@code snapshots/<client>@<name>.qcow2} in one data directory, which
 * belongs to one process at a time; overlays in memory stand in a {@link MemoryFolder}.
 *
 * <p>Names and versions are checked in {@link LocalVersions}, {@link LocalDisks} and {@link
 * LocalCopies}; {@link StoreParts} do the work.
 */
public final class LocalImageStore extends LocalCopies {
  /** Where Linux keeps what is shared between processes, and every system has a tmpfs. */
  public static final Path MEMORY = Path.of("/dev/shm");

  private LocalImageStore(StoreParts parts) {
    super(parts);
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
    return open(data, memory, limit, () -> Long.MAX_VALUE);
  }

  /**
   * The same with another limit.
   *
   * @param memoryLimit the bytes that all overlays in memory may take together
   */
  public static LocalImageStore open(
      Path data, Path memory, LongSupplier limit, LongSupplier memoryLimit) throws StoreException {
    return open(data, memory, HostFiles::open, limit, memoryLimit);
  }

  /** The same with overlays in memory where they are by default. */
  public static LocalImageStore open(Path data, LongSupplier limit) throws StoreException {
    return open(data, MEMORY, limit);
  }

  /** The same, with files that a test has its hands on. */
  static LocalImageStore open(Path data, HostFiles.Opener opener) throws StoreException {
    return open(data, MEMORY, opener, () -> Long.MAX_VALUE, () -> Long.MAX_VALUE);
  }

  private static LocalImageStore open(
      Path data, Path memory, HostFiles.Opener opener, LongSupplier limit, LongSupplier memoryLimit)
      throws StoreException {
    if (Files.exists(data) && !Files.isDirectory(data)) {
      throw new StoreException(
          StoreException.Kind.INVALID,
          data + " is no folder: 'data' has to name one, or what may become one");
    }
    try {
      makeDurably(data);
      DataLock lock = DataLock.take(data);
      try {
        return new LocalImageStore(
            new StoreParts(data.toRealPath(), memory, lock, opener, limit, memoryLimit));
      } catch (StoreException | IOException | RuntimeException failure) {
        lock.close();
        throw failure;
      }
    } catch (IOException failure) {
      throw Failures.of("cannot open the data directory " + data, failure);
    }
  }

  /**
   * Half of the machine's memory in bytes, the default of what disks in memory may take together;
   * no limit where the system does not say how much it has.
   */
  public static long halfOfMemory() {
    return MemoryFolder.machineBytes() / 2;
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

  @Override
  public void endLeases() {
    parts.leases.close();
  }

  @Override
  public void close() {
    parts.close();
  }
}
