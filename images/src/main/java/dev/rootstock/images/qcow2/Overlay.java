// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.Extent;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.raw.RawImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.StampedLock;

/**
 * An open overlay: its file, its map, its golden image, and how bytes are read from them.
 *
 * <p>Readers run beside the one writer. A cluster's place in the file never changes hands, so a
 * reader that looked it up a moment ago still reads the right cluster; what it must not see is half
 * of a block that is being overwritten. For this there are locks, each for a share of the clusters:
 * the writer holds one for the length of a pwrite, and the event loop's reads only check afterwards
 * that nobody did.
 */
final class Overlay {
  private static final int LOCKS = 64;

  private static final ThreadLocal<ByteBuffer> SCRATCH =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(Limits.MAX_CLUSTER_BYTES));

  final HostFile file;
  final Header header;
  final RawImage golden;
  final ClusterMap map;
  final HostClusters clusters;
  private final int clusterBits;
  private final StampedLock[] locks = new StampedLock[LOCKS];

  /** Whether the file may hold what a power loss would take; true at first, for who knows. */
  private boolean changed = true;

  Overlay(HostFile file, Header header, RawImage golden, TableCache cache) throws IOException {
    this.file = file;
    this.header = header;
    this.golden = golden;
    this.map = new ClusterMap(file, header, cache);
    this.clusters = new HostClusters(file, header);
    this.clusterBits = header.clusterBits();
    for (int i = 0; i < LOCKS; i++) {
      locks[i] = new StampedLock();
    }
  }

  // ---- reading, on any thread

  /** Reads what is in memory; as {@link dev.rootstock.images.block.BlockDevice#tryRead}. */
  boolean tryRead(long offset, ByteBuffer into) {
    int start = into.position();
    int limit = into.limit();
    long at = offset;
    boolean cached = true;
    while (cached && into.position() < limit) {
      int before = into.position();
      cached = tryReadRun(at, into);
      into.limit(limit);
      at += into.position() - before;
    }
    if (!cached) {
      into.position(start);
    }
    return cached;
  }

  /** Reads a first part of the range; leaves the buffer's limit at the end of that part. */
  private boolean tryReadRun(long at, ByteBuffer into) {
    int start = into.position();
    long entry = map.entry(at >>> clusterBits);
    if (entry == L2Entry.UNKNOWN) {
      return false;
    }
    if (L2Entry.isData(entry)) {
      into.limit(start + (int) Math.min(into.remaining(), toClusterEnd(at)));
      return tryReadData(at, entry, into);
    }
    into.limit(start + (int) map.run(at, into.remaining(), entry));
    if (L2Entry.isZero(entry)) {
      RawImage.zero(into);
      return true;
    }
    return golden.tryRead(at, into);
  }

  private boolean tryReadData(long at, long entry, ByteBuffer into) {
    StampedLock lock = lock(at >>> clusterBits);
    long stamp = lock.tryOptimisticRead();
    return stamp != 0
        && file.tryRead(L2Entry.host(entry) + inside(at), into)
        && lock.validate(stamp);
  }

  /** Fills the remaining bytes of {@code into}, waiting for the disk. */
  void read(long offset, ByteBuffer into) throws IOException {
    int limit = into.limit();
    long at = offset;
    while (into.position() < limit) {
      int before = into.position();
      Mapping mapping = map.lookupOrLoad(new GuestOffset(at), limit - before);
      try {
        switch (mapping) {
          case Mapping.Zero zero -> RawImage.zero(into.limit(before + (int) zero.length()));
          case Mapping.Backing backing ->
              golden.read(at, into.limit(before + (int) backing.length()));
          case Mapping.Data data -> {
            into.limit(before + (int) Math.min(data.length(), toClusterEnd(at)));
            readData(at, data.at(), into);
          }
        }
      } finally {
        into.limit(limit);
      }
      at += into.position() - before;
    }
  }

  private void readData(long at, HostOffset host, ByteBuffer into) throws IOException {
    StampedLock lock = lock(at >>> clusterBits);
    long stamp = lock.readLock();
    try {
      file.read(host.value(), into);
    } finally {
      lock.unlockRead(stamp);
    }
  }

  /** As {@link dev.rootstock.images.block.BlockDevice#extents}. */
  List<Extent> extents(long offset, long length) {
    List<Extent> found = new ArrayList<>();
    long at = offset;
    long end = offset + length;
    while (at < end) {
      Mapping mapping = map.lookup(new GuestOffset(at), end - at);
      switch (mapping) {
        case null -> { // not in memory: may be the client's own
          long count = Math.min(end - at, toClusterEnd(at));
          addMutable(found, at, count);
          at += count;
        }
        case Mapping.Zero zero -> {
          found.add(new Extent.Zero(at, zero.length()));
          at += zero.length();
        }
        case Mapping.Data data -> {
          addMutable(found, at, data.length());
          at += data.length();
        }
        case Mapping.Backing backing -> {
          golden.extents(at, backing.length(), found);
          at += backing.length();
        }
      }
    }
    return found;
  }

  private static void addMutable(List<Extent> found, long at, long length) {
    if (!found.isEmpty() && found.getLast() instanceof Extent.Mutable last) {
      found.set(found.size() - 1, new Extent.Mutable(last.offset(), last.length() + length));
    } else {
      found.add(new Extent.Mutable(at, length));
    }
  }

  private long toClusterEnd(long at) {
    return header.clusterBytes() - inside(at);
  }

  private long inside(long at) {
    return at & (header.clusterBytes() - 1);
  }

  private StampedLock lock(long cluster) {
    return locks[(int) cluster & (LOCKS - 1)];
  }

  // ---- writing, by one thread at a time

  /** Writes bytes of a guest cluster to their place in the file. */
  void writeCluster(long cluster, long at, List<ByteBuffer> parts) throws IOException {
    changed();
    StampedLock lock = lock(cluster);
    long stamp = lock.writeLock();
    try {
      file.write(at, parts.toArray(ByteBuffer[]::new));
    } finally {
      lock.unlockWrite(stamp);
    }
  }

  /** Writes a cluster that no reader knows of. */
  void write(long at, ByteBuffer content) throws IOException {
    changed();
    file.write(at, content);
  }

  void changed() {
    changed = true;
  }

  /** Makes the file durable, if it may not be. */
  void syncIfChanged() throws IOException {
    if (changed) {
      file.sync();
      changed = false;
    }
  }

  /** Room for one cluster, until the calling thread asks again. */
  ByteBuffer scratch() {
    return SCRATCH.get().clear();
  }
}
