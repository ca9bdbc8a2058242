// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.file.Space;
import dev.rootstock.images.golden.GoldenImage;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.UUID;
import java.util.function.LongSupplier;

/** An overlay's file: made, looked at, and turned into a disk. */
public final class OverlayFile implements Closeable {

  /** Makes durable what is outside the file. */
  @FunctionalInterface
  public interface Durable {
    void make() throws IOException;
  }

  private final Path path;
  private final HostFiles.Opener opener;
  private final HostFile file;
  private final Header header;

  private OverlayFile(Path path, HostFiles.Opener opener, HostFile file, Header header) {
    this.path = path;
    this.opener = opener;
    this.file = file;
    this.header = header;
  }

  /**
   * Makes an empty overlay in a file that does not exist yet, and syncs it; its name is durable
   * after a sync of the folder only. A failure leaves the unfinished file to the caller.
   *
   * @param sizeBytes the client's disk, a multiple of 512 up to {@link
   *     dev.rootstock.images.Limits#MAX_DISK_BYTES}
   * @param backingName the golden image's file, ending in its format, relative to the overlay's
   *     folder; empty for a disk that begins as zeros
   */
  public static void create(
      Path path, HostFiles.Opener opener, UUID identity, long sizeBytes, String backingName)
      throws IOException {
    create(path, opener, Header.layOut(Header.CLUSTER_BITS, sizeBytes, backingName, identity));
  }

  /**
   * The same, and nothing of it is synced: until its first flush it may be lost with the power, and
   * then be made again. It says so itself.
   */
  public static void createFresh(
      Path path, HostFiles.Opener opener, UUID identity, long sizeBytes, String backingName)
      throws IOException {
    create(
        path,
        opener,
        Header.layOut(Header.CLUSTER_BITS, sizeBytes, backingName, identity).fresh(opener.boot()));
  }

  /**
   * Writes what is needed of each table and leaves the rest of its clusters a hole, so that it
   * takes the same for a small and a large disk. The L1 table is written in full: overwriting it
   * later needs no new space.
   */
  static void create(Path path, HostFiles.Opener opener, Header header) throws IOException {
    long cluster = header.clusterBytes();
    int firstBlock = 1 + header.refcountTableClusters();
    int used = firstBlock + 1 + (int) Header.ceilDiv(8L * header.l1Entries(), cluster);
    if (used > header.refcountsPerBlock()) {
      throw new IllegalArgumentException("clusters are too small for a disk of this size");
    }
    ByteBuffer counts = ByteBuffer.allocate(used * Short.BYTES);
    for (int i = 0; i < used; i++) {
      counts.putShort((short) 1);
    }
    try (HostFile file = opener.open(path, HostFiles.Mode.CREATE)) {
      file.truncate(used * cluster);
      file.write(0, HeaderCodec.encode(header));
      file.write(
          header.refcountTableOffset(),
          ByteBuffer.allocate(Long.BYTES).putLong(0, firstBlock * cluster));
      file.write(firstBlock * cluster, counts.flip());
      file.write(header.l1Offset(), ByteBuffer.allocate(8 * header.l1Entries()));
      if (header.madeIn() == null) {
        file.sync();
      }
    }
  }

  /**
   * Opens an overlay and checks its header.
   *
   * @throws FormatException when it is damaged or none of ours, naming the offset
   */
  public static OverlayFile open(Path path, HostFiles.Opener opener) throws IOException {
    HostFile file = opener.open(path, HostFiles.Mode.READ_WRITE);
    try {
      return new OverlayFile(path, opener, file, HeaderCodec.read(file));
    } catch (IOException | RuntimeException failure) {
      file.close();
      throw failure;
    }
  }

  /** The overlay's identity. */
  public UUID identity() {
    return header.overlay();
  }

  /** Whether it was made and has never been synced as a whole: nothing of it was ever flushed. */
  public boolean isFresh() {
    return header.madeIn() != null;
  }

  /** Whether the power may have gone since it was made: then nobody knows what is in it. */
  public boolean mayBeTorn() {
    return isFresh() && !opener.boot().equals(header.madeIn());
  }

  /** Bytes of the client's disk. */
  public long sizeBytes() {
    return header.sizeBytes();
  }

  /**
   * What the header names as the golden image, empty for none; to be judged before anything of it
   * is opened.
   */
  public String backingName() {
    return header.backingName();
  }

  /**
   * The disk. It owns this file from now on; the golden image stays open until {@code release} has
   * run, which is once, when the disk is closed.
   *
   * @param limit the bytes that the file may take up, tables included; asked at each allocation, so
   *     that it may change while the disk is open. {@link Long#MAX_VALUE}: no limit
   * @throws FormatException when a table is damaged, naming the offset
   */
  public BlockDevice device(
      GoldenImage golden, IoThreads threads, TableCache cache, LongSupplier limit, Runnable release)
      throws IOException {
    return device(
        golden, threads, cache, Space.limited(limit), Space.unlimited(), () -> {}, release);
  }

  /**
   * The same disk, of an overlay that may not be known to be needed.
   *
   * @param space the file's, tables included; asked at each allocation
   * @param journalSpace that of the journal beside it
   * @param beforeFlushed is run once, on a thread that may wait, when the file is durable and
   *     before anybody is told so. It makes the file's name durable, and after that the knowledge
   *     that this overlay may not be made again. If it fails, the flush fails and the disk is not
   *     written any more until it is reopened
   */
  public BlockDevice device(
      GoldenImage golden,
      IoThreads threads,
      TableCache cache,
      Space space,
      Space journalSpace,
      Durable beforeFlushed,
      Runnable release)
      throws IOException {
    file.lock();
    long whole = Header.ceilDiv(file.size(), header.clusterBytes()) * header.clusterBytes();
    if (file.size() < whole) {
      file.truncate(whole); // another program, or a crash, has left its last cluster unfinished
    }
    ClusterMap map = new ClusterMap(file, header, cache);
    OverlayWriter writer =
        Recovery.open(
            new Overlay(file, header, golden, map, new FirstSync(header, beforeFlushed)),
            new HostClusters(file, header, space),
            journal(path),
            opener,
            journalSpace);
    return new OverlayDevice(writer, threads, release);
  }

  /** Where the journal of an overlay stands: beside it, under the client's name. */
  public static Path journal(Path overlay) {
    String name = overlay.getFileName().toString();
    int dot = name.lastIndexOf('.');
    return overlay.resolveSibling((dot < 0 ? name : name.substring(0, dot)) + ".journal");
  }

  /** Closes the file when no disk was made of it. */
  @Override
  public void close() throws IOException {
    file.close();
  }
}
