// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.raw.RawImage;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.UUID;

/** An overlay's file: made, looked at, and turned into a disk. */
public final class OverlayFile implements Closeable {
  private final HostFile file;
  private final Header header;

  private OverlayFile(HostFile file, Header header) {
    this.file = file;
    this.header = header;
  }

  /**
   * Makes an empty overlay in a file that does not exist yet, and syncs it; its name is durable
   * after a sync of the folder only. A failure leaves the unfinished file to the caller.
   *
   * @param sizeBytes the client's disk, a multiple of 512 up to {@link
   *     dev.rootstock.images.Limits#MAX_DISK_BYTES}
   * @param backingName the golden image's raw file, relative to the overlay's folder
   */
  public static void create(
      Path path, HostFiles.Opener opener, UUID identity, long sizeBytes, String backingName)
      throws IOException {
    create(path, opener, Header.layOut(Header.CLUSTER_BITS, sizeBytes, backingName, identity));
  }

  /** All tables are written in full, so that overwriting them later needs no new space. */
  static void create(Path path, HostFiles.Opener opener, Header header) throws IOException {
    int cluster = (int) header.clusterBytes();
    int firstBlock = 1 + header.refcountTableClusters();
    int l1Clusters = (int) Header.ceilDiv(8L * header.l1Entries(), cluster);
    int used = firstBlock + 1 + l1Clusters;
    if (used > header.refcountsPerBlock()) {
      throw new IllegalArgumentException("clusters are too small for a disk of this size");
    }
    ByteBuffer all = ByteBuffer.allocateDirect(used * cluster);
    all.put(HeaderCodec.encode(header));
    all.putLong((int) header.refcountTableOffset(), (long) firstBlock * cluster);
    for (int i = 0; i < used; i++) {
      all.putShort(firstBlock * cluster + i * Short.BYTES, (short) 1);
    }
    try (HostFile file = opener.open(path, HostFiles.Mode.CREATE)) {
      file.write(0, all.clear());
      file.sync();
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
      return new OverlayFile(file, HeaderCodec.read(file));
    } catch (IOException | RuntimeException failure) {
      file.close();
      throw failure;
    }
  }

  /** The overlay's identity. */
  public UUID identity() {
    return header.overlay();
  }

  /** Bytes of the client's disk. */
  public long sizeBytes() {
    return header.sizeBytes();
  }

  /** What the header names as the golden image; to be judged before anything of it is opened. */
  public String backingName() {
    return header.backingName();
  }

  /**
   * The disk. It owns this file from now on; the golden image stays open until {@code release} has
   * run, which is once, when the disk is closed.
   *
   * @throws FormatException when a table is damaged, naming the offset
   */
  public BlockDevice device(RawImage golden, IoThreads threads, TableCache cache, Runnable release)
      throws IOException {
    // Autoclear features say that data kept beside the clusters matches them; we do not keep it up.
    ByteBuffer none = ByteBuffer.allocateDirect(Long.BYTES);
    ByteBuffer features = ByteBuffer.allocateDirect(Long.BYTES);
    file.read(HeaderCodec.AUTOCLEAR_AT, features);
    Overlay overlay = new Overlay(file, header, golden, cache);
    if (!features.flip().equals(none)) {
      file.write(HeaderCodec.AUTOCLEAR_AT, none);
    }
    return new OverlayDevice(overlay, threads, release);
  }

  /** Closes the file when no disk was made of it. */
  @Override
  public void close() throws IOException {
    file.close();
  }
}
