// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.rootstock.images.testing.Qemu;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every alignment and length that meets a cluster's edges in another way, on clusters in every
 * state, written and discarded, each in a stretch of the disk of its own.
 */
class OverlayGridIT {

  /** How a stretch stands before the operation. */
  enum State {
    GOLDEN {
      @Override
      void prepare(OverlayFixture fixture, int at, int length) {}
    },
    WRITTEN {
      @Override
      void prepare(OverlayFixture fixture, int at, int length) throws Exception {
        fixture.write(at, OverlayFixture.bytes(at, length));
      }
    },
    DISCARDED_GOLDEN {
      @Override
      void prepare(OverlayFixture fixture, int at, int length) throws Exception {
        fixture.discard(at, length);
      }
    },
    DISCARDED_WRITTEN {
      @Override
      void prepare(OverlayFixture fixture, int at, int length) throws Exception {
        fixture.write(at, OverlayFixture.bytes(at, length));
        fixture.discard(at, length);
      }
    },
    EVERY_OTHER_CLUSTER_WRITTEN {
      @Override
      void prepare(OverlayFixture fixture, int at, int length) throws Exception {
        int cluster = length / STRETCH_CLUSTERS;
        for (int i = 0; i < STRETCH_CLUSTERS; i += 2) {
          fixture.write(at + i * cluster, OverlayFixture.bytes(i, cluster));
        }
      }
    },
    EVERY_THIRD_SUB_CLUSTER_WRITTEN_AND_EVERY_FIFTH_DISCARDED {
      @Override
      void prepare(OverlayFixture fixture, int at, int length) throws Exception {
        int sub = length / STRETCH_CLUSTERS / Header.SUB_CLUSTERS;
        for (int i = 0; i < length / sub; i++) {
          if (i % 3 == 0) {
            fixture.write(at + i * sub, OverlayFixture.bytes(i, sub));
          } else if (i % 5 == 0) {
            fixture.discard(at + i * sub, sub);
          }
        }
      }
    },
    /** The golden image ends inside the second cluster of the only stretch. */
    END_OF_GOLDEN {
      @Override
      void prepare(OverlayFixture fixture, int at, int length) {}
    };

    abstract void prepare(OverlayFixture fixture, int at, int length) throws Exception;
  }

  private static final int STRETCH_CLUSTERS = 4;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(
      value = State.class,
      names = {"END_OF_GOLDEN"},
      mode = EnumSource.Mode.EXCLUDE)
  void everyEdgeInEveryState(State state) throws Exception {
    grid(state, 17);
    folder = Files.createDirectory(folder.resolve("small"));
    grid(state, 14);
  }

  private void grid(State state, int clusterBits) throws Exception {
    int cluster = 1 << clusterBits;
    int sub = cluster / Header.SUB_CLUSTERS;
    int[] offsets = {0, 512, sub, cluster / 2 + 512, cluster - 512, cluster, cluster + 512};
    int[] lengths = {
      512,
      sub,
      3 * sub - 512,
      cluster - 512,
      cluster,
      cluster + 512,
      2 * cluster,
      2 * cluster + 1024
    };
    int stretch = STRETCH_CLUSTERS * cluster;
    int size = stretch * offsets.length * lengths.length * 2;
    try (OverlayFixture fixture = new OverlayFixture(folder, clusterBits, size, size)) {
      int at = 0;
      for (int offset : offsets) {
        for (int length : lengths) {
          for (boolean write : new boolean[] {true, false}) {
            int inside = Math.min(length, stretch - offset);
            state.prepare(fixture, at, stretch);
            operate(fixture, at + offset, inside, write);
            expect(fixture, at, stretch);
            at += stretch;
          }
        }
      }
      judge(fixture);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void edgesAroundTheEndOfTheGoldenImage(boolean write) throws Exception {
    int cluster = 131_072;
    int golden = cluster + 5 * 512;
    int run = 0;
    for (int offset : new int[] {0, cluster, golden - 512, golden, golden + 512, 2 * cluster}) {
      for (int length : new int[] {512, 1024, 4096, cluster, 2 * cluster}) {
        Path each = Files.createDirectory(folder.resolve("run" + run++));
        try (OverlayFixture fixture = new OverlayFixture(each, 17, golden, 4 * cluster + 512)) {
          operate(fixture, offset, length, write);
          expect(fixture, 0, fixture.model.length);
          judge(fixture);
        }
      }
    }
  }

  private static void operate(OverlayFixture fixture, int at, int length, boolean write)
      throws Exception {
    if (write) {
      fixture.write(at, OverlayFixture.bytes(at + 1L, length));
    } else {
      fixture.discard(at, length);
    }
  }

  private static void expect(OverlayFixture fixture, int at, int length) throws Exception {
    byte[] expected = Arrays.copyOfRange(fixture.model, at, at + length);
    assertArrayEquals(expected, fixture.disk().read(at, length), "read at " + at);
    byte[] tried = fixture.disk().tryRead(at, length);
    if (tried != null) {
      assertArrayEquals(expected, tried, "tryRead at " + at);
    }
  }

  private static void judge(OverlayFixture fixture) throws Exception {
    fixture.reopen();
    assertArrayEquals(fixture.model, fixture.disk().read(0, fixture.model.length));
    fixture.shut();
    Qemu.checkClean(fixture.overlay);
    Qemu.compare(fixture.overlay, fixture.modelFile());
    assertArrayEquals(fixture.goldenBytes, Files.readAllBytes(fixture.golden));
  }
}
