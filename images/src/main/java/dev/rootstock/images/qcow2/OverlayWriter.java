// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.Usage;
import dev.rootstock.images.file.NoSpaceException;
import dev.rootstock.images.qcow2.TableCache.Slice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.StampedLock;
import org.jspecify.annotations.Nullable;

/**
 * How an overlay is written.
 *
 * <p>Three things must hold. What was acknowledged survives the end of the process. What was
 * flushed survives the end of the power. And whatever happens, the file alone is a right qcow2
 * image at every moment: no entry names a cluster whose bytes or whose count might not be there.
 *
 * <p><b>A write</b> puts its bytes in place, where the client has the sub-cluster already, or where
 * nothing names them yet. If that changes the map, one record goes to the {@link Journal}; then the
 * map changes in memory, and the write is acknowledged. Nothing waits for the disk: the page cache
 * survives {@code kill -9}, and the next process replays the journal. L1 and L2 tables in the file
 * are not touched, so they keep naming only what was durable when they were written.
 *
 * <p><b>A flush</b> is a {@link Checkpoint} of what the map has become: fdatasync, which makes data
 * and counts durable, and new L2 tables, which are all zeros; then the L2 and L1 entries and the
 * epoch; fdatasync again; acknowledge. An entry's 16 bytes never cross a sector, so a power loss
 * leaves each entry old or new, and both are right. Flushes that wait share the next checkpoint;
 * writes go on meanwhile, in the journal's other half. Where the map has not changed, a flush is
 * one fdatasync. Without flushes, a checkpoint comes when the journal or the memory for changes
 * grows too large, when other overlays need that memory (see {@link MapMemory}), and some seconds
 * after a change. It needs no memory that it has to wait for.
 *
 * <p><b>Counts</b> are ahead of everything: see {@link HostClusters}. A cluster that was given up
 * is counted as free, its space punched out of the file, only after the checkpoint that took its
 * name away: before, a power loss could bring the name back. No reader is in it any more: see
 * {@link Overlay}.
 *
 * <p><b>A start</b> finds a journal of the same kernel boot and of the file's epoch: it is replayed
 * and a checkpoint made. After a power loss the boot is another, the journal is dropped, and the
 * file is what was flushed last, or something between that and the end. While there may be a
 * journal the file carries an autoclear bit of ours; QEMU clears it when it opens the file for
 * writing, and then the journal is dropped with a warning. A clean close leaves no journal, no bit
 * and no cluster counted that is not used.
 *
 * <p><b>Errors.</b> A full file system, or a quota, shows when data, a new table or a record is
 * written, and fails those writes alone. What an append that failed has left in the journal might
 * still be replayed, so the clusters of such a round wait for the next epoch before they are used
 * again. A checkpoint overwrites only what was written in full before; if it has no space all the
 * same, its flushes fail, and the next one takes its changes along. Any other failure to write or
 * to sync is final until the overlay is reopened: after it nobody knows what the disk holds.
 *
 * <p>One thread at a time works on an overlay, but for {@link Checkpoint#run}, which uses what was
 * captured for it, and readers.
 */
final class OverlayWriter {
  final Overlay overlay;
  final HostClusters clusters;
  private final ClusterMap map;
  private final Journal journal;
  private Pending pending = new Pending();

  /** Tables that the journal does not know of yet. */
  private final List<Integer> unrecorded = new ArrayList<>();

  /** Whether the file may hold what a power loss would take; true at first, for who knows. */
  private boolean dirty = true;

  /** Whether the file says that there may be a journal. */
  private boolean marked;

  /** Changes in a checkpoint that has not ended. */
  private int captured;

  /** A checkpoint had no space: the next one must be alone, for both halves are in use. */
  private boolean crowded;

  OverlayWriter(Overlay overlay, HostClusters clusters, Journal journal) {
    this.overlay = overlay;
    this.map = overlay.map;
    this.clusters = clusters;
    this.journal = journal;
  }

  Usage usage() {
    return clusters.usage();
  }

  /** Whether a round may run, perhaps beside a checkpoint. */
  boolean hasRoom(boolean checkpointing) {
    return !checkpointing || (journal.hasRoom() && !crowded && !map.holdsTooMany());
  }

  /** Whether the map should be written though nobody waits for it. */
  boolean wantsCheckpoint() {
    return isLaden() || map.holdsMany() || !journal.hasRoom();
  }

  /** Whether the last checkpoint had no space. */
  boolean isCrowded() {
    return crowded;
  }

  /** Whether changes hold as much memory as they may without a checkpoint, counted or not. */
  private boolean isLaden() {
    return pending.changes.size() >= Limits.CHECKPOINT_CLUSTERS || map.holdsTooMany();
  }

  /**
   * Bytes of memory that changes hold until a checkpoint has ended: 0 while the file system has no
   * room for one, for nobody should wait for that.
   */
  long held() {
    return crowded
        ? 0
        : MapMemory.bytes(map.pinnedSlices(), (long) pending.changes.size() + captured);
  }

  /** Whether there is anything to write, for somebody who wants the memory. */
  boolean hasChanges() {
    return !pending.isEmpty();
  }

  // ---- what rounds do

  /** Before anything of the file is changed. Other autoclear features are not kept up by us. */
  void mark() throws IOException {
    dirty = true;
    if (!marked) {
      writeLong(HeaderCodec.AUTOCLEAR_AT, HeaderCodec.JOURNALED);
      marked = true;
    }
  }

  /** Writes bytes of a guest cluster where it has them already. */
  void writeInPlace(long cluster, long at, List<ByteBuffer> parts) throws IOException {
    StampedLock lock = overlay.lock(cluster);
    long stamp = lock.writeLock();
    try {
      overlay.file.write(at, parts.toArray(ByteBuffer[]::new));
    } finally {
      lock.unlockWrite(stamp);
    }
  }

  /** Writes bytes where nobody reads. */
  void writeUnseen(long at, List<ByteBuffer> parts) throws IOException {
    overlay.file.write(at, parts.toArray(ByteBuffer[]::new));
  }

  /** Sees to it that a cluster has an L2 table. */
  void makeTable(long cluster) throws IOException {
    int index = map.l1Index(cluster);
    if (map.hasTable(index)) {
      return;
    }
    long bytes = overlay.header.clusterBytes();
    clusters.reserve(bytes);
    long place = 0;
    try {
      place = clusters.allocate();
      overlay.file.write(place, Scratch.zeros((int) bytes));
    } catch (IOException failure) {
      clusters.unreserve(bytes);
      if (place != 0) {
        clusters.takeBack(place);
      }
      throw failure;
    }
    map.setTable(index, place);
    pending.tables.add(index);
    unrecorded.add(index);
  }

  /**
   * Records the changes of a round, each of which has a pin, and makes them the map.
   *
   * @param freed places that they give up
   * @param bytes of data that they give up
   * @throws NoSpaceException when there is no room for the records: nothing has changed then
   */
  void commit(ChangeSet changes, List<Long> freed, long bytes) throws IOException {
    if (crowded && isLaden()) {
      throw new NoSpaceException("the map of what has changed before could not be written");
    }
    journal.append(changes, unrecorded, map::tablePlace);
    unrecorded.clear();
    for (int i = 0; i < changes.size(); i++) {
      long cluster = changes.cluster(i);
      long place = changes.place(i);
      long bitmap = changes.bitmap(i);
      set(cluster, place, bitmap);
      if (!pending.changes.put(cluster, place, bitmap, changes.givenUp(i))) {
        map.unpin(cluster);
      }
    }
    freed.forEach(pending::free);
    pending.bytesGivenUp += bytes;
  }

  private void set(long cluster, long place, long bitmap) {
    Slice slice = map.pinned(cluster);
    StampedLock lock = overlay.lock(cluster);
    long stamp = lock.writeLock();
    try {
      slice.set(cluster, L2Entry.descriptor(place), bitmap);
    } finally {
      lock.unlockWrite(stamp);
    }
  }

  /** Clusters that a failed round was given: a replay might find them until the next epoch. */
  void waste(List<Long> places) {
    places.forEach(pending::free);
  }

  // ---- checkpoints

  /**
   * Captures what the next checkpoint writes.
   *
   * @return null when the disk has everything already
   */
  @Nullable Checkpoint capture(List<Change> waiting) {
    boolean mapping = !pending.isEmpty() || journal.touched() || crowded;
    if (!mapping && !dirty) {
      return null;
    }
    dirty = false;
    if (!mapping) {
      return new Checkpoint(overlay, new Pending(), 0, waiting);
    }
    Checkpoint made = new Checkpoint(overlay, pending, journal.epoch() + 1, waiting);
    captured = pending.changes.size();
    pending = new Pending();
    if (!crowded) {
      journal.nextEpoch();
    }
    return made;
  }

  /** A captured checkpoint is durable: what it gave up is free now. */
  void finish(Checkpoint done) throws IOException {
    if (!done.writesMap()) {
      return;
    }
    if (crowded) {
      journal.nextEpoch();
      crowded = false;
    }
    captured = 0;
    ChangeSet changes = done.captured.changes;
    for (int i = 0; i < changes.size(); i++) {
      long cluster = changes.cluster(i);
      if (changes.givenUp(i) != 0 && changes.place(i) != 0) {
        punch(changes, i);
      }
      map.unpin(cluster);
    }
    try {
      clusters.free(done.captured.freed());
    } catch (NoSpaceException full) {
      // A file system that moves what is overwritten: they stay counted, and are lost for now.
    }
    clusters.unreserve(done.captured.bytesGivenUp);
    if (pending.isEmpty()) {
      journal.rest(); // an idle disk holds one descriptor
    }
  }

  /** Punches sub-clusters that neither the file nor memory takes for data any more. */
  private void punch(ChangeSet changes, int position) throws IOException {
    Slice slice = map.pinned(changes.cluster(position));
    long place = changes.place(position);
    if (L2Entry.place(slice.descriptor(changes.cluster(position))) != place) {
      return; // given up as a whole since: that is for the next checkpoint
    }
    int live = L2Entry.data(slice.bitmap(changes.cluster(position)));
    int lost = changes.givenUp(position) & ~live & ~L2Entry.data(changes.bitmap(position));
    int subBits = overlay.header.subBits();
    while (lost != 0) {
      int first = Integer.numberOfTrailingZeros(lost);
      int run = L2Entry.run(lost, first);
      overlay.file.punch(place + ((long) first << subBits), (long) run << subBits);
      lost &= ~L2Entry.mask(first, run);
    }
  }

  /** A captured checkpoint had no space: nothing is lost, the next one takes it along. */
  void takeBack(Checkpoint failed) {
    dirty = true;
    if (failed.writesMap()) {
      crowded = true;
      captured = 0;
      pending.absorb(failed.captured, map);
    }
  }

  // ---- start and end

  /**
   * The file was not closed: what a crash has leaked is found and freed. The tables as they are
   * read may be in the page cache only, where the process before was killed before its sync; they
   * are durable before anything is freed that they do not name.
   */
  void reclaim() throws IOException {
    mark();
    overlay.file.sync();
    clusters.reclaim(map);
  }

  /** Makes replayed entries the map, and writes it. */
  void restore(ChangeSet changes, List<Integer> tables) throws IOException {
    mark();
    pending.tables.addAll(tables);
    for (int i = 0; i < changes.size(); i++) {
      long cluster = changes.cluster(i);
      makeTable(cluster);
      map.pin(cluster);
      set(cluster, changes.place(i), changes.bitmap(i));
      pending.changes.put(cluster, changes.place(i), changes.bitmap(i), 0);
    }
    checkpointNow();
  }

  private void checkpointNow() throws IOException {
    Checkpoint checkpoint = capture(List.of());
    if (checkpoint != null) {
      try {
        checkpoint.run();
      } catch (NoSpaceException full) {
        takeBack(checkpoint);
        throw full;
      }
      finish(checkpoint);
    }
  }

  /** Leaves a file that needs no journal, with nothing in it that is not used. */
  void closeCleanly() throws IOException {
    if (!marked) {
      return; // nothing was changed
    }
    checkpointNow();
    clusters.giveBack();
    journal.delete();
    writeLong(HeaderCodec.AUTOCLEAR_AT, 0);
    overlay.file.sync();
  }

  /** Leaves everything as a process that ended would. */
  void abandon() throws IOException {
    journal.close();
  }

  private void writeLong(long at, long value) throws IOException {
    overlay.file.write(at, ByteBuffer.allocate(Long.BYTES).putLong(0, value));
  }
}
