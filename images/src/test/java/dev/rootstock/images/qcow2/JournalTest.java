// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.Limits;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.file.NoSpaceException;
import dev.rootstock.images.file.Space;
import dev.rootstock.images.testing.CrashFiles;
import dev.rootstock.images.testing.Crashes;
import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.PatternImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which journal is replayed, and which is not. */
class JournalTest {
  private static final Path OVERLAY = Path.of("/clients/node.qcow2");
  private static final Path JOURNAL = Path.of("/clients/node.journal");
  private static final int SIZE = 1 << 20;
  private static final PatternImage GOLDEN = new PatternImage(SIZE);
  private static final byte[] OLD = OverlayFixture.bytes(1, 4096);
  private static final byte[] NEW = OverlayFixture.bytes(2, 4096);

  private final IoThreads threads = new IoThreads();

  @AfterEach
  void close() {
    threads.close();
  }

  private Disk open(CrashFiles files) throws IOException {
    return open(files, GOLDEN, new TableCache(16));
  }

  private Disk open(CrashFiles files, PatternImage golden, TableCache cache) throws IOException {
    return new Disk(
        OverlayFile.open(OVERLAY, files)
            .device(golden, threads, cache, () -> Long.MAX_VALUE, () -> {}));
  }

  private static CrashFiles fresh() throws IOException {
    CrashFiles files = new CrashFiles();
    OverlayFile.create(OVERLAY, files, Header.layOut(17, SIZE, "golden.raw", OverlayFixture.ID));
    return files;
  }

  /** What a process leaves that flushed one block, wrote two more, and was killed. */
  private CrashFiles killed() throws IOException {
    CrashFiles files = fresh();
    CrashFiles first = files.begin();
    Disk disk = open(files);
    disk.write(0, OLD);
    disk.flush();
    disk.write(0, NEW);
    disk.write(4096, NEW);
    Crashes crashes = new Crashes(first, files);
    crashes.goTo(crashes.count());
    disk.device().close();
    return crashes.kill(new Random(1));
  }

  private static byte[] golden(int at) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(4096);
    GOLDEN.read(at, bytes);
    return bytes.array();
  }

  @Test
  void writesOfAKilledProcessAreReplayed() throws Exception {
    CrashFiles files = killed();
    assertTrue(files.exists(JOURNAL));
    Disk disk = open(files);
    assertFalse(files.exists(JOURNAL));
    assertArrayEquals(NEW, disk.read(0, 4096));
    assertArrayEquals(NEW, disk.read(4096, 4096));
    disk.device().close();
  }

  /** QEMU clears the mark when it opens the file for writing. */
  @Test
  void journalIsDroppedWhenAnotherProgramHasWrittenTheFile() throws Exception {
    CrashFiles files = killed();
    try (HostFile file = files.open(OVERLAY, HostFiles.Mode.READ_WRITE)) {
      file.write(HeaderCodec.AUTOCLEAR_AT, ByteBuffer.allocate(8));
    }
    Disk disk = open(files);
    assertFalse(files.exists(JOURNAL));
    assertArrayEquals(golden(4096), disk.read(4096, 4096));
    disk.device().close();
  }

  @Test
  void journalOfAnotherEpochIsDropped() throws Exception {
    CrashFiles files = killed();
    try (HostFile file = files.open(OVERLAY, HostFiles.Mode.READ_WRITE)) {
      ByteBuffer epoch = ByteBuffer.allocate(8);
      file.read(Header.EPOCH_AT, epoch);
      file.write(Header.EPOCH_AT, ByteBuffer.allocate(8).putLong(0, epoch.getLong(0) - 2));
    }
    Disk disk = open(files);
    assertArrayEquals(golden(4096), disk.read(4096, 4096));
    disk.device().close();
  }

  @Test
  void journalOfAnotherOverlayIsDropped() throws Exception {
    CrashFiles files = killed();
    try (HostFile file = files.open(OVERLAY, HostFiles.Mode.READ_WRITE)) {
      file.write(Header.EPOCH_AT - 16, ByteBuffer.allocate(8).putLong(0, 77));
    }
    Disk disk = open(files);
    assertArrayEquals(golden(4096), disk.read(4096, 4096));
    disk.device().close();
  }

  @Test
  void journalOfAnotherBootIsDropped() throws Exception {
    CrashFiles files = fresh();
    CrashFiles first = files.begin();
    Disk disk = open(files);
    disk.write(4096, NEW);
    Crashes crashes = new Crashes(first, files);
    crashes.goTo(crashes.count());
    disk.device().close();
    disk = open(crashes.powerLoss(new Random(4)));
    assertArrayEquals(golden(4096), disk.read(4096, 4096));
    disk.device().close();
  }

  @Test
  void recordThatIsDamagedEndsTheReplay() throws Exception {
    CrashFiles files = fresh();
    CrashFiles first = files.begin();
    Disk disk = open(files);
    for (int i = 0; i < 4; i++) {
      disk.write(131_072L * i, NEW);
    }
    Crashes crashes = new Crashes(first, files);
    crashes.goTo(crashes.count());
    disk.device().close();
    CrashFiles killed = crashes.kill(new Random(1));
    byte[] journal = killed.content(JOURNAL);
    int halves = journal.length - 4 * 32; // a table's record and the first write's stand before
    try (HostFile file = killed.open(JOURNAL, HostFiles.Mode.READ_WRITE)) {
      file.write(halves + 2 * 32 + 8, ByteBuffer.allocate(1).put(0, (byte) 1));
    }
    disk = open(killed);
    assertArrayEquals(NEW, disk.read(0, 4096));
    assertArrayEquals(NEW, disk.read(131_072, 4096));
    assertArrayEquals(golden(2 * 131_072), disk.read(2 * 131_072, 4096));
    assertArrayEquals(golden(3 * 131_072), disk.read(3 * 131_072, 4096));
    disk.device().close();
  }

  /** A discard of golden blocks changes an entry for each cluster, and writes no data. */
  @Test
  void mapIsWrittenWithoutFlushes() throws Exception {
    CrashFiles files = new CrashFiles();
    int clusters = 4 * Limits.CHECKPOINT_CLUSTERS;
    long size = (long) clusters << 14;
    OverlayFile.create(OVERLAY, files, Header.layOut(14, size, "golden.raw", OverlayFixture.ID));
    Disk disk = open(files, new PatternImage(size), new TableCache(4096));
    int before = files.syncs();
    disk.discard(0, size);
    for (int tries = 0; files.syncs() < before + 2; tries++) {
      assertTrue(tries < 6_000, "no checkpoint came by itself");
      Thread.sleep(10);
    }
    disk.device().close();
  }

  @Test
  void journalTakesNoMoreRecordsThanItsHalfHolds() throws Exception {
    CrashFiles files = new CrashFiles();
    Journal journal = new Journal(JOURNAL, files, OverlayFixture.ID, 1, Space.unlimited());
    ChangeSet round = aRound();
    for (int i = 0; i < Limits.JOURNAL_RECORDS / Limits.ROUND_RECORDS; i++) {
      assertTrue(journal.hasRoom());
      append(journal, round);
    }
    assertFalse(journal.hasRoom());
    assertThrows(NoSpaceException.class, () -> append(journal, round));
    journal.nextEpoch();
    assertTrue(journal.hasRoom());
    append(journal, round);
    journal.close();
    int[] found = new int[1];
    Journal.Reader count = (cluster, place, bitmap) -> found[0]++;
    Journal.read(JOURNAL, files, OverlayFixture.ID, 1, count);
    assertEquals(Limits.JOURNAL_RECORDS + Limits.ROUND_RECORDS, found[0]);
  }

  @Test
  void halfIsFullEarlierWhereLittleRoomIsLeft() throws Exception {
    assertEquals(Limits.JOURNAL_RECORDS, recordsOfAHalf(Long.MAX_VALUE));
    assertEquals(Limits.JOURNAL_RECORDS, recordsOfAHalf(600L << 20));
    int some = recordsOfAHalf(100L << 20);
    assertTrue(some > Limits.LEAST_JOURNAL_RECORDS, some + " records");
    assertTrue((long) some * Journal.RECORD_BYTES <= (100L << 20) / 64, some + " records");
    assertEquals(Limits.LEAST_JOURNAL_RECORDS, recordsOfAHalf(20L << 20));
    assertEquals(Limits.LEAST_JOURNAL_RECORDS, recordsOfAHalf(0)); // a lowered limit
  }

  /** How many a half takes in rounds before it wants a checkpoint, with that room left. */
  private static int recordsOfAHalf(long room) throws IOException {
    Space space = Space.limited(() -> room);
    Journal journal = new Journal(JOURNAL, new CrashFiles(), OverlayFixture.ID, 1, space);
    ChangeSet round = aRound();
    int records = 0;
    while (journal.hasRoom()) {
      append(journal, round);
      records += round.size();
    }
    journal.close();
    return records;
  }

  /** A disk may be idle a hundred times a second: that is no reason for as many warnings. */
  @Test
  void longJournalThatCannotBeDeletedIsTriedOnce() throws Exception {
    CrashFiles files = new CrashFiles();
    int[] tries = new int[1];
    boolean[] stays = {true};
    HostFiles.Opener stubborn =
        new HostFiles.Opener() {
          @Override
          public HostFile open(Path path, HostFiles.Mode mode) throws IOException {
            return files.open(path, mode);
          }

          @Override
          public boolean delete(Path path) throws IOException {
            tries[0]++;
            if (stays[0]) {
              throw new IOException("read-only");
            }
            return files.delete(path);
          }

          @Override
          public UUID boot() {
            return files.boot();
          }
        };
    Journal journal =
        new Journal(JOURNAL, stubborn, OverlayFixture.ID, 1, Space.limited(() -> 1L << 30));
    ChangeSet round = aRound();
    for (long bytes = 0; bytes <= Limits.IDLE_JOURNAL_BYTES; bytes += 32L * round.size()) {
      append(journal, round);
    }
    for (int i = 0; i < 3; i++) {
      journal.nextEpoch();
      journal.rest();
    }
    assertEquals(1, tries[0]);
    append(journal, round);
    journal.close();
    int[] found = new int[1];
    Journal.Reader count = (cluster, place, bitmap) -> found[0]++;
    Journal.read(JOURNAL, files, OverlayFixture.ID, 4, count);
    assertEquals(round.size(), found[0]);
    stays[0] = false;
    journal.delete();
    assertFalse(files.exists(JOURNAL));
  }

  /** A long journal that nobody needs is deleted; what comes then is found after a kill. */
  @Test
  void idleOverlayKeepsNoLongJournal() throws Exception {
    CrashFiles files = new CrashFiles();
    long size = (Limits.IDLE_JOURNAL_BYTES / Journal.RECORD_BYTES + 1L) << 14;
    OverlayFile.create(OVERLAY, files, Header.layOut(14, size, "golden.raw", OverlayFixture.ID));
    Disk disk = open(files, new PatternImage(size), new TableCache(Limits.CACHED_MAP_SLICES));
    disk.write(0, OLD);
    flushAndTakeIn(disk);
    assertTrue(files.exists(JOURNAL), "a short one stays");
    disk.discard(0, size);
    flushAndTakeIn(disk);
    assertFalse(files.exists(JOURNAL));
    CrashFiles first = files.begin();
    disk.write(0, NEW);
    Crashes crashes = new Crashes(first, files);
    crashes.goTo(crashes.count());
    disk.device().close();
    CrashFiles killed = crashes.kill(new Random(1));
    assertTrue(killed.exists(JOURNAL));
    disk = open(killed, new PatternImage(size), new TableCache(Limits.CACHED_MAP_SLICES));
    assertArrayEquals(NEW, disk.read(0, 4096));
    assertArrayEquals(new byte[4096], disk.read(4096, 4096));
    disk.device().close();
  }

  /** What a flush did is taken in by the round after it. */
  private static void flushAndTakeIn(Disk disk) throws Exception {
    disk.flush();
    disk.flush();
  }

  private static ChangeSet aRound() {
    ChangeSet round = new ChangeSet();
    for (int i = 0; i < Limits.ROUND_RECORDS; i++) {
      round.put(i, 1 << 17, 1, 0);
    }
    return round;
  }

  private static void append(Journal journal, ChangeSet round) throws IOException {
    journal.append(round, List.of(), index -> 0);
  }
}
