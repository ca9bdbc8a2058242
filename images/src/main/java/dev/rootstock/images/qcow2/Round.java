// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.BlockIoException.Kind;
import dev.rootstock.images.file.NoSpaceException;
import dev.rootstock.images.qcow2.TableCache.Slice;
import dev.rootstock.images.raw.RawImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Some changes of one overlay, done together: their data are written one by one, and one append to
 * the journal holds what they do to the map. See {@link OverlayWriter} for the order of things.
 *
 * <p>An aligned write of whole sub-clusters copies nothing. Where a write covers a part of a
 * sub-cluster that the client does not have yet, the rest of that sub-cluster is filled with what
 * the disk shows there.
 */
final class Round {
  /** A first and a last sub-cluster to be filled up. */
  private static final ThreadLocal<ByteBuffer> FILL =
      ThreadLocal.withInitial(
          () -> ByteBuffer.allocateDirect(2 * Limits.MAX_CLUSTER_BYTES / Header.SUB_CLUSTERS));

  private final OverlayWriter writer;
  private final NoRoom noRoom;
  private final Overlay overlay;
  private final ClusterMap map;
  private final int clusterBits;
  private final int subBytes;

  /** What the round makes of the map; each cluster in it is pinned. */
  private final ChangeSet changed = new ChangeSet();

  private final List<Long> allocated = new ArrayList<>();
  private final List<Long> freed = new ArrayList<>();
  private long reserved;
  private long givenUp;
  private int discardsLeft = Limits.ROUND_DISCARD_CLUSTERS;

  /** The entry that {@link #look} found. */
  private long place;

  private long bitmap;

  Round(OverlayWriter writer, NoRoom noRoom) {
    this.writer = writer;
    this.noRoom = noRoom;
    overlay = writer.overlay;
    map = overlay.map;
    clusterBits = overlay.header.clusterBits();
    subBytes = 1 << overlay.header.subBits();
  }

  /**
   * Does the changes. Those that need no sync are ended, but for a discard that has only come part
   * of the way.
   *
   * @param toSync where those go that are ended by the next checkpoint
   * @throws IOException when the overlay can no longer be written; some are not ended then
   */
  void run(List<Change> changes, List<Change> toSync) throws IOException {
    for (Change change : changes) {
      apply(change);
    }
    if (!changed.isEmpty()) {
      try {
        writer.commit(changed, freed, givenUp);
      } catch (NoSpaceException full) {
        abandon(full, changes);
      }
    }
    // Failures too are told now only: what such a change did before it failed counts from here on.
    for (Change change : changes) {
      if (change.failure != null) {
        noRoom.tell(change.failure);
        change.end(change.failure);
      } else if (change.forced()) {
        toSync.add(change);
      } else if (!(change instanceof Change.Discard discard) || discard.offset == discard.end) {
        change.end(null);
      }
    }
  }

  private void abandon(NoSpaceException full, List<Change> changes) {
    for (int i = 0; i < changed.size(); i++) {
      map.unpin(changed.cluster(i));
    }
    writer.waste(allocated);
    writer.clusters.unreserve(reserved);
    for (Change change : changes) {
      if (change.needsMapping && change.failure == null) {
        change.failure = noSpace(full);
      }
    }
  }

  private void apply(Change change) throws IOException {
    change.needsMapping = false;
    try {
      switch (change) {
        case Change.Write write -> write(write, write.offset, write.data);
        case Change.Modify modify -> modify(modify);
        case Change.Discard discard -> discard(discard);
        case Change.Flush flush -> {}
      }
    } catch (NoSpaceException full) {
      change.failure = noSpace(full);
    } catch (BlockIoException unreadable) {
      change.failure = unreadable;
    }
  }

  private static BlockIoException noSpace(NoSpaceException full) {
    return new BlockIoException(Kind.NO_SPACE, "no room for the write: " + full.getMessage(), full);
  }

  private void write(Change change, long offset, Gather data) throws IOException {
    long at = offset;
    while (data.remaining() > 0) {
      int count =
          (int) Math.min(data.remaining(), overlay.header.clusterBytes() - overlay.inside(at));
      put(change, at, data.take(count), count);
      at += count;
    }
  }

  private void modify(Change.Modify modify) throws IOException {
    ByteBuffer bytes = modify.scratch.clear();
    long at = modify.offset;
    while (bytes.hasRemaining()) {
      int before = bytes.position();
      readRun(at, bytes);
      bytes.limit(bytes.capacity());
      at += bytes.position() - before;
    }
    if (modify.update.change(modify.scratch.clear())) {
      write(modify, modify.offset, new Gather(new ByteBuffer[] {modify.scratch.clear()}));
    }
  }

  /** Reads as the round has it, a run of one kind; leaves the limit at its end. */
  private void readRun(long at, ByteBuffer into) throws BlockIoException {
    look(at >>> clusterBits);
    int sub = overlay.sub(at);
    boolean data = (L2Entry.data(bitmap) >>> sub & 1) != 0;
    int mask = data ? L2Entry.data(bitmap) : ~L2Entry.data(bitmap);
    if (!data) {
      boolean zero = (L2Entry.zeros(bitmap) >>> sub & 1) != 0;
      mask &= zero ? L2Entry.zeros(bitmap) : ~L2Entry.zeros(bitmap);
    }
    into.limit(into.position() + (int) overlay.runInCluster(at, mask, into.remaining()));
    try {
      if (data) {
        overlay.file.read(place + overlay.inside(at), into);
        return;
      }
    } catch (IOException unreadable) {
      throw new BlockIoException(Kind.READ_FAILED, "cannot read the disk at " + at, unreadable);
    }
    old(at, into);
  }

  /** Writes bytes of one cluster. */
  private void put(Change change, long at, List<ByteBuffer> parts, int count) throws IOException {
    writer.mark();
    long cluster = at >>> clusterBits;
    boolean known = look(cluster);
    int touched = overlay.mask(at, count);
    int missing = touched & ~L2Entry.data(bitmap);
    if (missing == 0) {
      change.needsMapping |= known;
      writer.writeInPlace(cluster, place + overlay.inside(at), parts);
      return;
    }
    change.needsMapping = true;
    long bytes = (long) Integer.bitCount(missing) * subBytes;
    writer.makeTable(cluster);
    writer.clusters.reserve(bytes);
    boolean fresh = place == 0;
    try {
      if (fresh) {
        place = writer.clusters.allocate();
      }
      fill(at, parts, count, missing, touched == missing);
      if (!known) {
        pin(cluster);
      }
    } catch (IOException failure) {
      writer.clusters.unreserve(bytes);
      if (fresh && place != 0) {
        writer.clusters.takeBack(place);
      }
      throw failure;
    }
    if (fresh) {
      allocated.add(place);
    }
    reserved += bytes;
    int zeros = L2Entry.zeros(bitmap) & ~touched;
    changed.put(cluster, place, L2Entry.bitmap(L2Entry.data(bitmap) | touched, zeros), 0);
  }

  /** Writes bytes, and around them what is needed to make their new sub-clusters whole. */
  private void fill(long at, List<ByteBuffer> parts, int count, int missing, boolean unseen)
      throws IOException {
    ByteBuffer rest = FILL.get().clear();
    List<ByteBuffer> whole = new ArrayList<>(parts);
    long start = at;
    long end = at + count;
    int head = (int) at & (subBytes - 1);
    if (head != 0 && (missing >>> overlay.sub(at) & 1) != 0) {
      start -= head;
      ByteBuffer before = rest.slice(0, head);
      old(start, before);
      whole.addFirst(before.flip());
    }
    int tail = (int) -end & (subBytes - 1);
    if (tail != 0 && (missing >>> overlay.sub(end - 1) & 1) != 0) {
      ByteBuffer after = rest.slice(subBytes, tail);
      old(end, after);
      whole.addLast(after.flip());
    }
    long host = place + overlay.inside(start);
    if (unseen) {
      writer.writeUnseen(host, whole);
    } else {
      writer.writeInPlace(at >>> clusterBits, host, whole);
    }
  }

  /** What a sub-cluster that the client does not have shows, by the entry that was looked up. */
  private void old(long at, ByteBuffer into) throws BlockIoException {
    try {
      if ((L2Entry.zeros(bitmap) >>> overlay.sub(at) & 1) != 0) {
        RawImage.zero(into);
      } else {
        overlay.golden.read(at, into);
      }
    } catch (IOException unreadable) {
      throw new BlockIoException(
          Kind.READ_FAILED, "cannot read the golden image at " + at, unreadable);
    }
  }

  private void discard(Change.Discard discard) throws IOException {
    long diskEnd = overlay.header.sizeBytes();
    while (discardsLeft > 0 && discard.offset < discard.end) {
      discardsLeft--;
      long at = discard.offset;
      long blank = blankUntil(at);
      if (blank > at) {
        discard.offset = Math.min(blank, discard.end);
        continue;
      }
      long clusterEnd = ((at >>> clusterBits) + 1) << clusterBits;
      long to = Math.min(Math.min(clusterEnd, diskEnd), discard.end);
      clear(discard, at, to, to == diskEnd ? clusterEnd : to);
      discard.offset = to;
    }
  }

  /**
   * Discards within one cluster: whole sub-clusters by the map, parts of them by writing zeros.
   *
   * @param reach where the range ends for the map: the last sub-cluster may be longer than the disk
   */
  private void clear(Change.Discard discard, long at, long to, long reach) throws IOException {
    long cluster = at >>> clusterBits;
    long first = Math.ceilDiv(at, subBytes) * subBytes;
    long last = Math.floorDiv(reach, subBytes) * subBytes;
    long edge = Math.min(first, to);
    zeros(discard, at, edge);
    if (first >= last) {
      zeros(discard, edge, to);
      return;
    }
    zeros(discard, last, to);
    boolean known = look(cluster);
    int whole = overlay.mask(first, last - first);
    int lost = L2Entry.data(bitmap) & whole;
    long golden = overlay.golden.size();
    int shown = golden <= first ? 0 : overlay.mask(first, Math.min(golden, last) - first);
    int zeros = (L2Entry.zeros(bitmap) & ~whole) | shown;
    int data = L2Entry.data(bitmap) & ~whole;
    if (lost == 0 && (shown & ~L2Entry.zeros(bitmap)) == 0) {
      return; // it reads as zeros already
    }
    discard.needsMapping = true;
    writer.mark();
    writer.makeTable(cluster);
    if (!known) {
      pin(cluster);
    }
    givenUp += (long) Integer.bitCount(lost) * subBytes;
    long kept = data == 0 ? 0 : place;
    if (place != 0 && kept == 0) {
      freed.add(place);
    }
    changed.put(cluster, kept, L2Entry.bitmap(data, zeros), kept == 0 ? 0 : lost);
  }

  /** Makes a range within one sub-cluster read as zeros. */
  private void zeros(Change.Discard discard, long at, long to) throws IOException {
    if (at >= to) {
      return;
    }
    look(at >>> clusterBits);
    int sub = overlay.sub(at);
    boolean data = (L2Entry.data(bitmap) >>> sub & 1) != 0;
    boolean zero = (L2Entry.zeros(bitmap) >>> sub & 1) != 0;
    if (data || (!zero && overlay.golden.size() > at)) {
      int count = (int) (to - at);
      put(discard, at, List.of(Scratch.zeros(count)), count);
    }
  }

  /** Where a stretch ends that reads as zeros for want of table and golden data, or {@code at}. */
  private long blankUntil(long at) {
    int index = map.l1Index(at >>> clusterBits);
    return map.hasTable(index) || overlay.golden.size() > at
        ? at
        : map.tableEnd(index) << clusterBits;
  }

  /** Finds a cluster's entry; returns whether the round has changed it. */
  private boolean look(long cluster) throws BlockIoException {
    int position = changed.find(cluster);
    if (position >= 0) {
      place = changed.place(position);
      bitmap = changed.bitmap(position);
      return true;
    }
    try {
      Slice slice = map.load(cluster);
      place = L2Entry.place(slice.descriptor(cluster));
      bitmap = slice.bitmap(cluster);
      return false;
    } catch (IOException unreadable) {
      throw unreadableMap(unreadable);
    }
  }

  private void pin(long cluster) throws BlockIoException {
    try {
      map.pin(cluster);
    } catch (IOException unreadable) {
      throw unreadableMap(unreadable);
    }
  }

  private static BlockIoException unreadableMap(IOException unreadable) {
    return new BlockIoException(
        Kind.READ_FAILED, "cannot read the overlay's map: " + unreadable.getMessage(), unreadable);
  }
}
