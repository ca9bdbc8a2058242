// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.testing.CrashFiles;
import dev.rootstock.images.testing.Crashes;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/**
 * Crashes at random moments of random work, and crashes in the recovery from them. Thousands in a
 * normal run; with {@code -Drootstock.long=true} a million. A failure names the seed to run it
 * again with.
 */
class CrashTest {
  private static final boolean LONG = Boolean.getBoolean("rootstock.long");
  private static final IoThreads THREADS = new IoThreads();
  private static final int STEPS = 80;

  private static final int CRASHES = LONG ? 250 : 400;

  /** In a long run a million crashes in all; those of recoveries come on top. */
  private static int recordings(int clusterBits) {
    if (!LONG) {
      return 2;
    }
    // The large clusters are the same code with more bytes to copy: a few of them do.
    return switch (clusterBits) {
      case 14 -> 2_800;
      case 15 -> 1_000;
      default -> 200;
    };
  }

  @BeforeAll
  static void quiet() {
    ((Logger) LoggerFactory.getLogger(Recovery.class)).setLevel(Level.OFF);
  }

  @AfterAll
  static void close() {
    ((Logger) LoggerFactory.getLogger(Recovery.class)).setLevel(null);
    THREADS.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 15, 17})
  void everyBlockHoldsAValueItMayHoldAndTheFileIsRight(int clusterBits) throws Exception {
    int few = clusterBits == 17 && !LONG ? 10 : 1;
    int crashed = 0;
    for (int i = 0; i < recordings(clusterBits); i++) {
      long seed = 10_000L * clusterBits + i;
      CrashRecording recording = new CrashRecording(clusterBits, seed, STEPS, THREADS);
      Random luck = new Random(~seed);
      Crashes crashes = recording.crashes();
      int[] moments = luck.ints(CRASHES / few, 0, crashes.count() + 1).sorted().toArray();
      for (int moment : moments) {
        crashes.goTo(moment);
        boolean power = luck.nextInt(3) > 0;
        CrashFiles left = power ? crashes.powerLoss(luck) : crashes.kill(luck);
        try {
          recording.judge(left, moment, power, 2, luck);
        } catch (Exception | AssertionError wrong) {
          throw new AssertionError("seed " + seed + ", after operation " + moment, wrong);
        }
        crashed++;
      }
    }
    System.out.printf("long: %d crashes with clusters of 2^%d bytes%n", crashed, clusterBits);
  }

  /** Every moment of one run, and each time the operation before it alone ahead of its like. */
  @Test
  void everyMomentOfARun() throws Exception {
    CrashRecording recording = new CrashRecording(14, 77, 12, THREADS);
    Crashes crashes = recording.crashes();
    assertTrue(crashes.count() > 50, crashes.count() + " operations");
    Random luck = new Random(1);
    for (int moment = 0; moment <= crashes.count(); moment++) {
      crashes.goTo(moment);
      recording.judge(crashes.kill(luck), moment, false, 0, luck);
      recording.judge(crashes.lastAlone(), moment, true, 0, luck);
    }
  }
}
