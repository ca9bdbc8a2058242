// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.block.Extent;
import dev.rootstock.images.block.Loan;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.golden.GoldenImage;
import dev.rootstock.images.qcow2.TableCache.Slice;
import dev.rootstock.images.raw.RawImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.StampedLock;
import org.jspecify.annotations.Nullable;

/**
 * An open overlay: its file, its map, its golden image, and how bytes are read from them.
 *
 * <p>Readers run beside the one writer. There are locks, each for a share of the guest clusters:
 * the writer holds one while it overwrites bytes in place and while it changes an entry of the map.
 * A reader that may wait holds it from looking the entry up to the end of reading, so that a
 * cluster that is given up has no readers any more. The event loop's reads take no lock: they only
 * check afterwards that no writer had it meanwhile. What shows the golden image or zeros needs
 * neither, for those bytes never change.
 */
final class Overlay {
  private static final int LOCKS = 64;

  final HostFile file;
  final Header header;
  final GoldenImage golden;
  final ClusterMap map;
  final FirstSync first;
  private final int clusterBits;
  private final int subBits;

  /** Made when they are first asked for: of thousands of disks most rest. */
  private final AtomicReferenceArray<@Nullable StampedLock> locks =
      new AtomicReferenceArray<>(LOCKS);

  Overlay(HostFile file, Header header, GoldenImage golden, ClusterMap map, FirstSync first) {
    this.file = file;
    this.header = header;
    this.golden = golden;
    this.map = map;
    this.first = first;
    this.clusterBits = header.clusterBits();
    this.subBits = header.subBits();
  }

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
    Slice slice = map.loaded(at >>> clusterBits);
    if (slice == null) {
      return false;
    }
    long bitmap = slice.bitmap(at >>> clusterBits);
    int sub = sub(at);
    int start = into.position();
    if ((L2Entry.data(bitmap) >>> sub & 1) != 0) {
      into.limit(start + (int) runInCluster(at, L2Entry.data(bitmap), into.remaining()));
      return tryReadData(at, into);
    }
    into.limit(start + (int) run(at, into.remaining(), bitmap));
    if ((L2Entry.zeros(bitmap) >>> sub & 1) != 0) {
      RawImage.zero(into);
      return true;
    }
    return golden.tryRead(at, into);
  }

  private boolean tryReadData(long at, ByteBuffer into) {
    long cluster = at >>> clusterBits;
    StampedLock lock = lock(cluster);
    long stamp = lock.tryOptimisticRead();
    if (stamp == 0) {
      return false;
    }
    Slice slice = map.loaded(cluster);
    if (slice == null) {
      return false;
    }
    long place = L2Entry.place(slice.descriptor(cluster));
    int wanted = mask(at, into.remaining());
    return (L2Entry.data(slice.bitmap(cluster)) & wanted) == wanted
        && place != 0
        && file.tryRead(place + inside(at), into)
        && lock.validate(stamp);
  }

  /** As {@link dev.rootstock.images.block.BlockDevice#tryLend}: what shows the golden image. */
  @Nullable Loan tryLend(long offset, int length) {
    Slice slice = map.loaded(offset >>> clusterBits);
    if (slice == null) {
      return null;
    }
    long bitmap = slice.bitmap(offset >>> clusterBits);
    boolean golden = (kind(bitmap, false) >>> sub(offset) & 1) != 0;
    return golden && run(offset, length, bitmap) == length
        ? this.golden.tryLend(offset, length)
        : null;
  }

  /** Fills the remaining bytes of {@code into}, waiting for the disk. */
  void read(long offset, ByteBuffer into) throws IOException {
    int limit = into.limit();
    long at = offset;
    while (into.position() < limit) {
      int before = into.position();
      try {
        readRun(at, into);
      } finally {
        into.limit(limit);
      }
      at += into.position() - before;
    }
  }

  private void readRun(long at, ByteBuffer into) throws IOException {
    long cluster = at >>> clusterBits;
    int sub = sub(at);
    StampedLock lock = lock(cluster);
    map.load(cluster);
    long bitmap;
    long stamp = lock.readLock();
    try {
      Slice slice = map.loaded(cluster);
      if (slice == null) {
        return; // forgotten again: nothing was read, so the caller comes back
      }
      bitmap = slice.bitmap(cluster);
      if ((L2Entry.data(bitmap) >>> sub & 1) != 0) {
        into.limit(
            into.position() + (int) runInCluster(at, L2Entry.data(bitmap), into.remaining()));
        file.read(L2Entry.place(slice.descriptor(cluster)) + inside(at), into);
        return;
      }
    } finally {
      lock.unlockRead(stamp);
    }
    into.limit(into.position() + (int) run(at, into.remaining(), bitmap));
    if ((L2Entry.zeros(bitmap) >>> sub & 1) != 0) {
      RawImage.zero(into);
    } else {
      golden.read(at, into);
    }
  }

  /** As {@link dev.rootstock.images.block.BlockDevice#extents}. */
  List<Extent> extents(long offset, long length) {
    List<Extent> found = new ArrayList<>();
    long at = offset;
    long end = offset + length;
    while (at < end) {
      Slice slice = map.loaded(at >>> clusterBits);
      long count;
      if (slice == null) { // not in memory: may be the client's own
        count = Math.min(end - at, header.clusterBytes() - inside(at));
        addMutable(found, at, count);
      } else {
        long bitmap = slice.bitmap(at >>> clusterBits);
        if ((L2Entry.data(bitmap) >>> sub(at) & 1) != 0) {
          count = runInCluster(at, L2Entry.data(bitmap), end - at);
          addMutable(found, at, count);
        } else {
          count = run(at, end - at, bitmap);
          if ((L2Entry.zeros(bitmap) >>> sub(at) & 1) != 0) {
            found.add(new Extent.Zero(at, count));
          } else {
            golden.extents(at, count, found);
          }
        }
      }
      at += count;
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

  /** Bytes from {@code at} to the end of the run of sub-clusters that are in the mask. */
  long runInCluster(long at, int mask, long most) {
    int sub = sub(at);
    long end = (long) (sub + L2Entry.run(mask, sub)) << subBits;
    return Math.min(most, end - inside(at));
  }

  /** The same for zeros or golden bytes, over as many clusters as are in memory. */
  private long run(long at, long most, long bitmap) {
    boolean zeros = (L2Entry.zeros(bitmap) >>> sub(at) & 1) != 0;
    long count = runInCluster(at, kind(bitmap, zeros), most);
    while (count < most && inside(at + count) == 0) {
      long cluster = (at + count) >>> clusterBits;
      Slice slice = map.loaded(cluster);
      int mask = slice == null ? 0 : kind(slice.bitmap(cluster), zeros);
      if ((mask & 1) == 0) {
        break;
      }
      count += runInCluster(at + count, mask, most - count);
    }
    return count;
  }

  private static int kind(long bitmap, boolean zeros) {
    return zeros ? L2Entry.zeros(bitmap) : ~(L2Entry.zeros(bitmap) | L2Entry.data(bitmap));
  }

  /** The sub-clusters that a range within one cluster touches. */
  int mask(long at, long length) {
    int first = sub(at);
    return L2Entry.mask(first, sub(at + length - 1) - first + 1);
  }

  int sub(long at) {
    return (int) (inside(at) >>> subBits);
  }

  /** An offset within its cluster. */
  long inside(long at) {
    return at & (header.clusterBytes() - 1);
  }

  /** The lock of a guest cluster. */
  StampedLock lock(long cluster) {
    int slot = (int) cluster & (LOCKS - 1);
    StampedLock lock = locks.getAcquire(slot);
    return lock != null ? lock : made(slot);
  }

  private StampedLock made(int slot) {
    StampedLock fresh = new StampedLock();
    StampedLock other = locks.compareAndExchange(slot, null, fresh);
    return other != null ? other : fresh;
  }
}
