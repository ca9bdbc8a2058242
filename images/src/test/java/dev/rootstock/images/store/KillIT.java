// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.Qemu;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The server's process is killed in the middle of writing, again and again. */
class KillIT {
  private static final int SIZE = 32 << 20;
  private static final int KILLS = 4;

  @TempDir Path folder;

  @Test
  @Timeout(120)
  void acknowledgedWritesSurviveKilling() throws Exception {
    Path data = folder.resolve("data");
    Path source = folder.resolve("disk.raw");
    byte[] golden = new byte[SIZE];
    new Random(1).nextBytes(golden);
    Files.write(source, golden);
    OverlayId id = OverlayId.random();
    GoldenVersion base;
    try (LocalImageStore store = LocalImageStore.open(data)) {
      base = store.importImage(source, "debian", null, Progress.NONE);
      store.createOverlay("node1", id, base, SIZE);
    }
    Expected expected = new Expected(golden);
    for (int kill = 0; kill < KILLS; kill++) {
      long first = 1_000_000L * (kill + 1);
      expected.begin(first);
      killOne(data, id, first, 200 + 150 * kill, expected);
      Qemu.checkAtMostLeaks(data.resolve("clients/node1.qcow2"));
      try (LocalImageStore store = LocalImageStore.open(data);
          LeasedDisk disk = store.openOverlay("node1", id)) {
        expected.check(new Disk(disk.device()).read(0, SIZE));
        store.verify(base, Progress.NONE);
      }
      Qemu.checkClean(data.resolve("clients/node1.qcow2"));
    }
    assertTrue(expected.acknowledged > KILLS * 50, expected.acknowledged + " writes");
  }

  private static void killOne(Path data, OverlayId id, long seed, int lines, Expected expected)
      throws Exception {
    Process server =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                WritingServer.class.getName(),
                data.toString(),
                "node1",
                id.toString(),
                Long.toString(seed))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader out = server.inputReader()) {
      assertEquals("open", out.readLine());
      StoreException second = assertThrows(StoreException.class, () -> LocalImageStore.open(data));
      assertEquals(StoreException.Kind.IN_USE, second.kind());
      assertTrue(
          String.valueOf(second.getMessage()).contains("process " + server.pid()),
          second.getMessage());
      for (int i = 0; i < lines; i++) {
        expected.acknowledge(out.readLine());
      }
      server.toHandle().destroyForcibly(); // the process alone: its pipe is still to be read
      String line;
      while ((line = lineBeforeTheEnd(out)) != null) {
        expected.acknowledge(line);
      }
    } finally {
      server.destroyForcibly().waitFor();
    }
  }

  /** A line that was begun but not ended by the killed process does not count. */
  private static @Nullable String lineBeforeTheEnd(BufferedReader out) throws IOException {
    StringBuilder line = new StringBuilder();
    int next;
    while ((next = out.read()) >= 0) {
      if (next == '\n') {
        return line.toString();
      }
      line.append((char) next);
    }
    return null;
  }

  /** What each block may hold: seeds that the process wrote, the acknowledged ones at least. */
  private static final class Expected {
    private final byte[] golden;

    /** The seeds of acknowledged writes of each block; before the last kill only the one found. */
    private final Map<Long, List<Long>> seeds = new HashMap<>();

    private long first;
    private long newest;
    int acknowledged;

    Expected(byte[] golden) {
      this.golden = golden;
    }

    void acknowledge(String line) {
      String[] words = line.split(" ", -1);
      assertEquals(3, words.length, line);
      long seed = Long.parseLong(words[2]);
      for (int i = 0; i < Integer.parseInt(words[1]); i++) {
        seeds.computeIfAbsent(Long.parseLong(words[0]) + i, none -> new ArrayList<>()).add(seed);
      }
      newest = Math.max(newest, seed);
      acknowledged++;
    }

    void begin(long firstSeed) {
      first = firstSeed;
      newest = firstSeed;
    }

    /**
     * Sixteen writes were under way at a time: where several met, any of them may have won. 64 is
     * well beyond sixteen. Those that were not acknowledged may be there or not, and a forced one
     * may have been waiting for its sync while many others went by.
     */
    void check(byte[] disk) {
      for (int at = 0; at < disk.length; at += WritingServer.BLOCK) {
        long block = at / WritingServer.BLOCK;
        byte[] found = Arrays.copyOfRange(disk, at, at + WritingServer.BLOCK);
        long seed = ByteBuffer.wrap(found).getLong();
        List<Long> known = seeds.getOrDefault(block, List.of());
        boolean late = seed >= first && seed <= newest + 64;
        if (late || known.contains(seed)) {
          assertArrayEquals(WritingServer.content(1, seed), found, "block " + block + " is torn");
          if (!known.isEmpty()) {
            long last = known.stream().mapToLong(Long::longValue).max().getAsLong();
            assertTrue(seed > last - 64, "block " + block + " is older than acknowledged");
          }
          seeds.put(block, new ArrayList<>(List.of(seed)));
        } else {
          assertTrue(known.isEmpty(), "block " + block + " lost an acknowledged write");
          assertArrayEquals(Arrays.copyOfRange(golden, at, at + WritingServer.BLOCK), found);
        }
      }
    }
  }
}
