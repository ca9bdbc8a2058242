// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.testing.CrashFiles;
import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.PatternImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * An overlay of a process that was killed, its journal beside it, damaged in places that matter: it
 * is refused, or its disk answers or fails; nothing runs for ever or runs out of memory.
 */
class OverlayFuzzTest {
  private static final Path OVERLAY = Path.of("/clients/node.qcow2");
  private static final Path JOURNAL = OverlayFile.journal(OVERLAY);
  private static final int CLUSTER = 1 << 14;
  private static final long SIZE = 40L * CLUSTER;
  private static final PatternImage GOLDEN = new PatternImage(SIZE - 3 * CLUSTER);
  private static final IoThreads THREADS = new IoThreads();

  /** Where the tables begin: header, refcount table, counts, L1, and the L2 table behind them. */
  private static final int[] PLACES = {0, 64, CLUSTER, 2 * CLUSTER, 3 * CLUSTER, 4 * CLUSTER};

  /** Made once; not by the class's initializer, which other threads would wait for. */
  private static @Nullable CrashFiles killed;

  private static synchronized CrashFiles killed() {
    CrashFiles made = killed;
    if (made != null) {
      return made.begin();
    }
    try {
      CrashFiles files = new CrashFiles();
      OverlayFile.create(OVERLAY, files, Header.layOut(14, SIZE, "golden.raw", OverlayFixture.ID));
      BlockDevice device = open(files);
      Disk disk = new Disk(device);
      disk.write(512, new byte[3 * CLUSTER]);
      disk.discard(5L * CLUSTER, 2L * CLUSTER);
      disk.flush();
      disk.write(9L * CLUSTER, new byte[1024]);
      disk.discard(CLUSTER, CLUSTER);
      made = files.begin();
      device.close();
      killed = made;
      return made.begin();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  private static BlockDevice open(CrashFiles files) throws IOException {
    OverlayFile file = OverlayFile.open(OVERLAY, files);
    try {
      return file.device(GOLDEN, THREADS, new TableCache(4), () -> 1L << 30, () -> {});
    } catch (IOException | RuntimeException failure) {
      file.close();
      throw failure;
    }
  }

  @FuzzTest(maxDuration = "2m")
  void damagedOverlayIsRefusedOrAnswers(FuzzedDataProvider input) {
    CrashFiles files = killed();
    try {
      damage(files, input);
      try (BlockDevice device = open(files)) {
        use(new Disk(device), input);
      }
    } catch (IOException refused) {
      ours(refused);
    }
  }

  /** Every place that matters, with every kind of value, without luck. */
  @Test
  void randomDamageIsRefusedOrAnswered() {
    Random random = new Random(3);
    for (int i = 0; i < 300; i++) {
      CrashFiles files = killed();
      try {
        for (int j = random.nextInt(3); j >= 0; j--) {
          long value =
              switch (random.nextInt(4)) {
                case 0 -> random.nextLong();
                case 1 -> L2Entry.COPIED | (long) CLUSTER * random.nextInt(12);
                case 2 -> 1L << random.nextInt(64);
                default -> 0;
              };
          put(files, OVERLAY, place(random.nextInt(6), random.nextInt(40)), value);
        }
        try (BlockDevice device = open(files)) {
          Disk disk = new Disk(device);
          read(disk, 0);
          read(disk, CLUSTER);
          disk.write(7L * CLUSTER + 512, new byte[2 * CLUSTER]);
          disk.flush();
          read(disk, 9L * CLUSTER);
        }
      } catch (IOException refused) {
        ours(refused);
      }
    }
  }

  private static void damage(CrashFiles files, FuzzedDataProvider input) throws IOException {
    for (int i = input.consumeInt(0, 8); i > 0; i--) {
      boolean journal = input.consumeInt(0, 3) == 0;
      long at = place(input.consumeInt(0, PLACES.length - 1), input.consumeInt(0, 200));
      put(files, journal ? JOURNAL : OVERLAY, journal ? at % 512 : at, input.consumeLong());
    }
    if (input.consumeInt(0, 7) == 0) {
      try (HostFile file = files.open(OVERLAY, HostFiles.Mode.READ_WRITE)) {
        file.truncate(input.consumeLong(0, file.size()));
      }
    }
  }

  private static long place(int table, int word) {
    return PLACES[table] + 8L * word;
  }

  private static void put(CrashFiles files, Path path, long at, long value) throws IOException {
    try (HostFile file = files.open(path, HostFiles.Mode.READ_WRITE)) {
      file.write(at, ByteBuffer.allocate(8).putLong(0, value));
    }
  }

  private static void use(Disk disk, FuzzedDataProvider input) throws IOException {
    for (int i = input.consumeInt(0, 4); i >= 0; i--) {
      long at = 512 * input.consumeLong(0, 38L * CLUSTER / 512);
      int length = 512 * input.consumeInt(1, CLUSTER / 512);
      try {
        switch (input.consumeInt(0, 3)) {
          case 0 -> disk.write(at, new byte[length]);
          case 1 -> disk.discard(at, length);
          case 2 -> disk.flush();
          default -> disk.read(at, length);
        }
      } catch (BlockIoException failed) {
        ours(failed);
      }
    }
  }

  private static void read(Disk disk, long at) {
    try {
      disk.read(at, CLUSTER);
    } catch (BlockIoException failed) {
      ours(failed);
    }
  }

  /** A failure may come from the damage, never from a mistake of ours. */
  private static void ours(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof RuntimeException || cause instanceof Error) {
        throw new AssertionError("an error of ours", failure);
      }
    }
  }
}
