// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.file.Space;
import dev.rootstock.images.testing.CrashFiles;
import dev.rootstock.images.testing.Crashes;
import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.PatternImage;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * An overlay that was made without a sync, crashed at every moment until after its first flush. It
 * is gone only while nobody was told that anything is flushed, and whoever would make it again
 * knows in time that he must not.
 */
class FreshOverlayCrashTest {
  private static final Path FOLDER = Path.of("/clients");
  private static final Path FRESH = FOLDER.resolve(".node.new");

  /** Stands for the registry: there once it is recorded that the overlay must not be made again. */
  private static final Path RECORD = Path.of("/registry/flushed");

  private static final Path REGISTRY = Path.of("/registry");

  private static final int CLUSTER = 1 << 14;
  private static final IoThreads THREADS = new IoThreads();
  private static final PatternImage GOLDEN = new PatternImage(3 * CLUSTER);

  /** What brings the first checkpoint. */
  enum First {
    FLUSH_OF_NOTHING,
    FLUSH,
    CLOSE
  }

  @AfterAll
  static void close() {
    THREADS.close();
  }

  private static BlockDevice open(CrashFiles files) throws IOException {
    return OverlayFile.open(CrashRecording.OVERLAY, files)
        .device(
            GOLDEN,
            THREADS,
            new TableCache(4),
            Space.unlimited(),
            Space.unlimited(),
            () -> {
              files.syncFolder(FOLDER);
              try (HostFile record = files.open(RECORD, HostFiles.Mode.CREATE)) {
                record.write(0, ByteBuffer.allocate(1));
                record.sync();
              }
              files.syncFolder(REGISTRY);
            },
            () -> {});
  }

  private static byte[] written() {
    byte[] bytes = new byte[5 * 512];
    Arrays.fill(bytes, (byte) 9);
    return bytes;
  }

  @ParameterizedTest
  @EnumSource
  void goneOnlyWhileNobodyWasToldOfAFlush(First first) throws Exception {
    CrashFiles files = new CrashFiles();
    CrashFiles begin = files.begin();
    OverlayFile.create(
        FRESH,
        files,
        Header.layOut(14, 20 * CLUSTER, "golden.raw", OverlayFixture.ID).fresh(files.boot()));
    files.move(FRESH, CrashRecording.OVERLAY);
    int made = files.count();
    BlockDevice device = open(files);
    Disk disk = new Disk(device);
    if (first != First.FLUSH_OF_NOTHING) {
      disk.write(CLUSTER, written());
    }
    if (first == First.CLOSE) {
      device.close();
    } else {
      disk.flush();
    }
    int told = files.count();

    Crashes crashes = new Crashes(begin, files);
    Random luck = new Random(3);
    int lost = 0;
    int kept = 0;
    for (int moment = made; moment <= told; moment++) {
      crashes.goTo(moment);
      CrashFiles killed = crashes.kill(luck);
      assertTrue(isThere(killed), "a kill took it after operation " + moment);
      for (CrashFiles left : powerLosses(crashes, luck)) {
        boolean there = isThere(left);
        assertTrue(moment < told || left.exists(RECORD), "acknowledged and not recorded");
        if (there) {
          kept++;
          check(left, moment == told && first != First.FLUSH_OF_NOTHING);
        } else {
          lost++;
          assertFalse(left.exists(RECORD), "lost, and recorded as flushed, after " + moment);
          assertTrue(moment < told, "lost after the flush was acknowledged");
        }
      }
    }
    assertTrue(lost > 10 && kept > 10, lost + " lost and " + kept + " kept show nothing");
    device.close();
  }

  private static List<CrashFiles> powerLosses(Crashes crashes, Random luck) {
    return luck.ints(40).mapToObj(any -> crashes.powerLoss(luck)).toList();
  }

  /** As the store judges it: there, and whole whatever happened to the power. */
  private static boolean isThere(CrashFiles files) throws IOException {
    try (OverlayFile file = OverlayFile.open(CrashRecording.OVERLAY, files)) {
      assertEquals(OverlayFixture.ID, file.identity());
      return !file.mayBeTorn();
    } catch (NoSuchFileException | EOFException | FormatException gone) {
      return false;
    }
  }

  private static void check(CrashFiles left, boolean flushed) throws Exception {
    Walker.check(left.content(CrashRecording.OVERLAY));
    left.delete(RECORD); // opened anew, it is recorded anew
    try (BlockDevice device = open(left)) {
      byte[] found = new Disk(device).read(CLUSTER, written().length);
      byte[] golden = new byte[found.length];
      for (int i = 0; i < golden.length; i += 8) {
        ByteBuffer.wrap(golden).putLong(i, GOLDEN.at(CLUSTER + i));
      }
      for (int at = 0; at < found.length; at += 512) {
        byte[] block = Arrays.copyOfRange(found, at, at + 512);
        if (flushed || !Arrays.equals(block, Arrays.copyOfRange(golden, at, at + 512))) {
          assertArrayEquals(Arrays.copyOf(written(), 512), block);
        }
      }
    }
  }
}
