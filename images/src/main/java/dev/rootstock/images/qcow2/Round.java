// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.BlockIoException.Kind;
import dev.rootstock.images.file.NoSpaceException;
import dev.rootstock.images.raw.RawImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Some changes of one overlay, done together. One thread works on an overlay at a time, so here is
 * no concurrency but with readers.
 *
 * <p>What must never be: an entry in the file that names a cluster whose bytes or whose count would
 * not survive power loss. So the order is
 *
 * <ol>
 *   <li>data: in place where the cluster is the client's own; else a whole cluster, the rest of it
 *       copied from the golden image, in a place that nothing names yet;
 *   <li>new L2 tables, filled, in places that nothing names yet; counts of everything new;
 *   <li>fdatasync, one for all changes of the round, left out when nothing new is named;
 *   <li>L2 and L1 entries, into the file and into memory;
 *   <li>the acknowledgements: the page cache survives {@code kill -9}, and the entries may reach
 *       the disk whenever they like;
 *   <li>another fdatasync when the round holds a flush or a forced write, and its acknowledgement.
 * </ol>
 *
 * <p>A full file system shows up in 1 or 2, for everything that 4 overwrites was written in full
 * when it was made. Then the changes that need the new entries fail, nothing of them is named, and
 * their places are used again. Where a file system can run full in 4 (it moves what is overwritten)
 * memory is read again from the file and the places are leaked. Any other failure to write or sync
 * is final: after it nobody knows what the disk holds.
 *
 * <p>Discarding marks whole clusters as zeros and keeps their places for the next write; giving the
 * space back comes with the journal.
 */
final class Round {
  private final Overlay overlay;
  private final ClusterMap map;
  private final HostClusters clusters;
  private final int clusterBits;
  private final int clusterBytes;

  /** Entries to publish, by guest cluster. */
  private final SortedMap<Long, Long> pending = new TreeMap<>();

  /** What {@link #pending} held before the change that is being applied. */
  private final Map<Long, @Nullable Long> before = new HashMap<>();

  private final long mark;
  private boolean syncFirst;

  Round(Overlay overlay) {
    this.overlay = overlay;
    map = overlay.map;
    clusters = overlay.clusters;
    clusterBits = overlay.header.clusterBits();
    clusterBytes = (int) overlay.header.clusterBytes();
    mark = clusters.mark();
  }

  /**
   * Does the changes and ends each of them, but for a discard that has only come part of the way.
   *
   * @throws IOException when the overlay can no longer be written; some are not ended then
   */
  void run(List<Change> changes) throws IOException {
    for (Change change : changes) {
      apply(change);
    }
    for (Change change : changes) {
      if (!change.needsMapping && !change.forced()) {
        endIfDone(change);
      }
    }
    if (!pending.isEmpty()) {
      try {
        publish();
      } catch (NoSpaceException full) {
        clusters.rollBack(mark);
        for (Change change : changes) {
          if (change.needsMapping) {
            change.end(noSpace(full));
          }
        }
      }
    }
    boolean force = false;
    for (Change change : changes) {
      if (change.forced()) {
        force |= !change.ended();
      } else {
        endIfDone(change);
      }
    }
    if (force) {
      overlay.syncIfChanged();
      for (Change change : changes) {
        if (change.forced()) {
          change.end(null);
        }
      }
    }
  }

  private static void endIfDone(Change change) {
    if (!(change instanceof Change.Discard discard && discard.offset < discard.end)) {
      change.end(null);
    }
  }

  private void apply(Change change) throws IOException {
    long start = clusters.mark();
    before.clear();
    change.needsMapping = false;
    try {
      switch (change) {
        case Change.Write write -> write(write);
        case Change.Discard discard -> discard(discard);
        case Change.Flush flush -> {}
      }
      return;
    } catch (NoSpaceException full) {
      change.end(noSpace(full));
    } catch (BlockIoException unreadable) {
      change.end(unreadable);
    }
    // Nothing of a change that failed gets a name. It was the last one to be given clusters.
    before.forEach(
        (cluster, entry) -> {
          if (entry == null) {
            pending.remove(cluster);
          } else {
            pending.put(cluster, entry);
          }
        });
    clusters.rollBack(start);
  }

  private static BlockIoException noSpace(NoSpaceException full) {
    return new BlockIoException(Kind.NO_SPACE, "no room for the write: " + full.getMessage(), full);
  }

  private void write(Change.Write write) throws IOException {
    long at = write.offset;
    while (write.data.remaining() > 0) {
      int count = (int) Math.min(write.data.remaining(), clusterBytes - inside(at));
      put(write, at, write.data.take(count), count);
      at += count;
    }
  }

  /** Writes bytes of one cluster. */
  private void put(Change change, long at, List<ByteBuffer> parts, int count) throws IOException {
    long cluster = at >>> clusterBits;
    long entry = entry(cluster);
    if (L2Entry.isData(entry)) {
      change.needsMapping |= pending.containsKey(cluster);
      overlay.writeCluster(cluster, L2Entry.host(entry) + inside(at), parts);
      return;
    }
    change.needsMapping = true;
    ByteBuffer rest = overlay.scratch();
    List<ByteBuffer> whole = new ArrayList<>(parts);
    whole.addFirst(old(entry, cluster << clusterBits, rest.slice(0, inside(at))));
    int end = inside(at) + count;
    whole.addLast(old(entry, (cluster << clusterBits) + end, rest.slice(end, clusterBytes - end)));
    long host = L2Entry.host(entry);
    HostOffset place = host != 0 ? new HostOffset(host) : clusters.allocate();
    overlay.writeCluster(cluster, place.value(), whole);
    syncFirst = true;
    change(cluster, L2Entry.data(place));
  }

  /** What a cluster without data of its own shows at an offset of the disk. */
  private ByteBuffer old(long entry, long at, ByteBuffer into) throws BlockIoException {
    try {
      if (L2Entry.isZero(entry)) {
        RawImage.zero(into);
      } else {
        overlay.golden.read(at, into);
      }
      return into.flip();
    } catch (IOException unreadable) {
      throw new BlockIoException(
          Kind.READ_FAILED, "cannot copy from the golden image at " + at, unreadable);
    }
  }

  private void discard(Change.Discard discard) throws IOException {
    long diskEnd = overlay.header.sizeBytes();
    for (int i = 0; i < Limits.ROUND_DISCARD_CLUSTERS && discard.offset < discard.end; i++) {
      long at = discard.offset;
      long cluster = at >>> clusterBits;
      long clusterEnd = Math.min((cluster + 1) << clusterBits, diskEnd);
      long to = Math.min(clusterEnd, discard.end);
      long blank = blankUntil(at);
      if (blank > at) {
        discard.offset = Math.min(blank, discard.end);
        continue;
      }
      long entry = entry(cluster);
      boolean zero =
          L2Entry.isZero(entry) || (entry == L2Entry.UNALLOCATED && overlay.golden.size() <= at);
      if (!zero && inside(at) == 0 && to == clusterEnd) {
        discard.needsMapping = true;
        change(cluster, L2Entry.zeroed(entry));
      } else if (!zero) {
        int count = (int) (to - at);
        put(discard, at, List.of(ByteBuffer.allocateDirect(count)), count);
      }
      discard.offset = to;
    }
  }

  /** Where a stretch ends that reads as zeros for want of table and golden data, or {@code at}. */
  private long blankUntil(long at) {
    long cluster = at >>> clusterBits;
    int index = map.l1Index(cluster);
    if (map.hasTable(index) || overlay.golden.size() > at) {
      return at;
    }
    long tableEnd = (index + 1L) * overlay.header.l2Entries();
    SortedMap<Long, Long> later = pending.tailMap(cluster);
    return Math.min(tableEnd, later.isEmpty() ? tableEnd : later.firstKey()) << clusterBits;
  }

  private int inside(long at) {
    return (int) at & (clusterBytes - 1);
  }

  private long entry(long cluster) throws BlockIoException {
    Long changed = pending.get(cluster);
    if (changed != null) {
      return changed;
    }
    try {
      return map.entryOrLoad(cluster);
    } catch (IOException unreadable) {
      throw new BlockIoException(
          Kind.READ_FAILED,
          "cannot read the overlay's map: " + unreadable.getMessage(),
          unreadable);
    }
  }

  private void change(long cluster, long entry) {
    Long old = pending.put(cluster, entry);
    if (!before.containsKey(cluster)) {
      before.put(cluster, old);
    }
  }

  private void publish() throws IOException {
    SortedMap<Integer, HostOffset> tables = writeNewTables();
    if (clusters.mark() != mark) {
      overlay.changed();
      clusters.count(mark);
      syncFirst = true;
    }
    if (syncFirst) {
      overlay.syncIfChanged();
    }
    clusters.keep();
    overlay.changed();
    for (Map.Entry<Integer, HostOffset> table : tables.entrySet()) {
      map.publishTable(table.getKey(), table.getValue());
    }
    map.publish(pending);
  }

  /** Writes L2 tables for parts of the disk that have none, and takes their entries as done. */
  private SortedMap<Integer, HostOffset> writeNewTables() throws IOException {
    SortedMap<Integer, HostOffset> tables = new TreeMap<>();
    Map<Integer, ByteBuffer> contents = new HashMap<>();
    int l2Entries = overlay.header.l2Entries();
    var entries = pending.entrySet().iterator();
    while (entries.hasNext()) {
      Map.Entry<Long, Long> entry = entries.next();
      int index = map.l1Index(entry.getKey());
      if (!map.hasTable(index)) {
        int slot = (int) (entry.getKey() & (l2Entries - 1));
        contents
            .computeIfAbsent(index, missing -> ByteBuffer.allocateDirect(clusterBytes))
            .putLong(slot * Long.BYTES, entry.getValue());
        entries.remove();
      }
    }
    for (Map.Entry<Integer, ByteBuffer> content : contents.entrySet()) {
      HostOffset place = clusters.allocate();
      overlay.write(place.value(), content.getValue());
      tables.put(content.getKey(), place);
    }
    return tables;
  }
}
