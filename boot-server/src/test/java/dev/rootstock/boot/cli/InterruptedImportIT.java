// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An import that a signal ends, as Ctrl-C does, without a server: a process of its own. */
class InterruptedImportIT {
  private static final long PATIENCE_SECONDS = 60;

  /** Reading it takes minutes, for all of it is summed; as a hole it takes no room. */
  private static final long SIZE = 1L << 40;

  @TempDir Path folder;

  @Test
  void itLeavesNothing() throws Exception {
    Path source = folder.resolve("disk.raw");
    try (RandomAccessFile hole = new RandomAccessFile(source.toFile(), "rw")) {
      hole.setLength(SIZE);
    }
    Path said = folder.resolve("said");
    Process command =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.rootstock.boot.cli.Main",
                "image",
                "import",
                source.toString(),
                "--name",
                "debian")
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    try {
      Path importing = folder.resolve("rootstock-data/images/debian/.1.importing");
      for (long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
          !Files.exists(importing); ) {
        assertTrue(System.nanoTime() < end && command.isAlive(), () -> read(said));
        Thread.sleep(20);
      }
      command.destroy(); // SIGTERM: whoever runs tests in the background has SIGINT ignored
      assertTrue(command.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "it does not end");
    } finally {
      command.destroyForcibly();
    }
    assertEquals(143, command.exitValue(), () -> read(said));
    assertFalse(
        Files.exists(folder.resolve("rootstock-data")),
        () -> "a data directory that it made, with " + tree() + "; it said " + read(said));
  }

  private List<Path> tree() {
    try (Stream<Path> all = Files.walk(folder.resolve("rootstock-data"))) {
      return all.toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
