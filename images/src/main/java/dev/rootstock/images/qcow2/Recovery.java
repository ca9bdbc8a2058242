// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.Space;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings an overlay up to date with the journal that a process before this one left. */
final class Recovery {
  private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

  private final Overlay overlay;
  private final Path journal;
  private final ChangeSet changes = new ChangeSet();
  private final List<Integer> tables = new ArrayList<>();

  private Recovery(Overlay overlay, Path journal) {
    this.overlay = overlay;
    this.journal = journal;
  }

  /**
   * Makes the writer of an overlay that has just been opened. There is no journal afterwards.
   *
   * @throws FormatException when the journal cannot be this overlay's
   */
  static OverlayWriter open(
      Overlay overlay,
      HostClusters clusters,
      Path journal,
      HostFiles.Opener opener,
      Space journalSpace)
      throws IOException {
    Header header = overlay.header;
    Recovery recovery = new Recovery(overlay, journal);
    ByteBuffer features = ByteBuffer.allocate(Long.BYTES);
    overlay.file.read(HeaderCodec.AUTOCLEAR_AT, features);
    boolean marked = (features.getLong(0) & HeaderCodec.JOURNALED) != 0;
    boolean there = true;
    int records = 0;
    try {
      Journal.Reader reader = marked ? recovery::take : (cluster, place, bitmap) -> {};
      records = Journal.read(journal, opener, header.overlay(), header.epoch(), reader);
    } catch (NoSuchFileException none) {
      there = false;
    }
    boolean replay = marked && records > 0;
    // Records of the file's epoch and of the one after it may have been found.
    long epoch = header.epoch() + (replay ? 1 : 0);
    OverlayWriter writer =
        new OverlayWriter(
            overlay, clusters, new Journal(journal, opener, header.overlay(), epoch, journalSpace));
    if (replay) {
      LOG.info("{}: {} records of a process that ended early are replayed", journal, records);
      writer.restore(recovery.changes, recovery.tables);
    } else if (records > 0) {
      LOG.warn(
          "{}: another program has written the overlay since; {} changes of a process that ended"
              + " early are lost",
          journal,
          records);
    }
    if (there) {
      opener.delete(journal);
    }
    journalSpace.set(0);
    if (marked) {
      writer.reclaim();
    }
    return writer;
  }

  private void take(long cluster, long place, long bitmap) throws IOException {
    if (cluster < 0) {
      long index = -1 - cluster;
      if (index >= overlay.header.l1Entries()) {
        throw new FormatException(journal + ": a table beyond the disk");
      }
      takeTable((int) index, place);
      return;
    }
    String problem = overlay.map.problem(cluster, place, bitmap);
    if (problem != null) {
      throw new FormatException("%s: cluster %d: %s".formatted(journal, cluster, problem));
    }
    changes.put(cluster, place, bitmap, 0);
  }

  private void takeTable(int index, long place) throws IOException {
    String problem = overlay.map.problem(0, place, 0);
    long known = overlay.map.tablePlace(index);
    if (problem != null || place == 0 || (known != 0 && known != place)) {
      throw new FormatException("%s: L2 table %d cannot be at %d".formatted(journal, index, place));
    }
    if (known == 0) {
      overlay.map.setTable(index, place);
      tables.add(index);
    }
  }
}
