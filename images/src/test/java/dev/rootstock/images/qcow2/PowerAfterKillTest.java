// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.testing.CrashFiles;
import dev.rootstock.images.testing.Crashes;
import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.PatternImage;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * A process is killed, the next one opens the overlay, and then the power goes: what the first one
 * had not synced was only in the page cache all the while.
 */
class PowerAfterKillTest {
  private static final int CLUSTER = 1 << 14;
  private static final IoThreads THREADS = new IoThreads();
  private static final PatternImage GOLDEN = new PatternImage(0);

  @AfterAll
  static void close() {
    THREADS.close();
  }

  private static BlockDevice open(CrashFiles files) throws IOException {
    return OverlayFile.open(CrashRecording.OVERLAY, files)
        .device(GOLDEN, THREADS, new TableCache(4), () -> Long.MAX_VALUE, () -> {});
  }

  private static byte[] filled(int value) {
    byte[] bytes = new byte[CLUSTER];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  @Test
  void clusterThatOnlyThePageCacheGaveUpIsNotUsedAgain() throws Exception {
    CrashFiles files = new CrashFiles();
    OverlayFile.create(
        CrashRecording.OVERLAY,
        files,
        Header.layOut(14, 20 * CLUSTER, "golden.raw", OverlayFixture.ID));
    BlockDevice device = open(files);
    Disk disk = new Disk(device);
    disk.write(0, filled(1));
    disk.flush();
    CrashFiles first = files.begin();
    disk.discard(0, CLUSTER);
    disk.flush();

    Crashes kills = new Crashes(first, files);
    assertTrue(kills.count() > 4);
    Random luck = new Random(5);
    for (int moment = 0; moment <= kills.count(); moment++) {
      kills.goTo(moment);
      CrashFiles left = kills.kill(luck);
      CrashFiles before = left.begin();
      BlockDevice next = open(left);
      new Disk(next).write(5 * CLUSTER, filled(2));
      Crashes losses = new Crashes(before, left);
      for (int loss = 0; loss <= losses.count(); loss++) {
        losses.goTo(loss);
        for (int i = 0; i < 20; i++) {
          judge(losses.powerLoss(luck));
        }
      }
      next.close();
    }
    device.close();
  }

  private static void judge(CrashFiles left) throws IOException {
    Walker.check(left.content(CrashRecording.OVERLAY));
    try (BlockDevice device = open(left)) {
      for (byte value : new Disk(device).read(0, CLUSTER)) {
        assertTrue(value == 0 || value == 1, "a block shows what was written to another");
      }
    }
  }
}
