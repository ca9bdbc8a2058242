// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.rootstock.images.Limits;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.testing.PassingFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A version is read at several places at once, and how far that has come is told in order. */
class VerificationTest {
  private static final long SIZE = 4L * Limits.CHECKSUM_PIECE_BYTES;

  @TempDir Path folder;

  /** Whoever reads the version waits, the first time, until another reads it too. */
  private static final class Meeting implements HostFiles.Opener {
    private final CountDownLatch two = new CountDownLatch(2);
    private final Set<Thread> readers = ConcurrentHashMap.newKeySet();

    @Override
    public HostFile open(Path path, HostFiles.Mode mode) throws IOException {
      HostFile real = HostFiles.open(path, mode);
      return path.endsWith("debian/1.raw") ? new Met(real) : real;
    }

    private final class Met extends PassingFile {
      Met(HostFile real) {
        super(real);
      }

      @Override
      public void read(long offset, ByteBuffer into) throws IOException {
        if (readers.add(Thread.currentThread())) {
          two.countDown();
          try {
            if (!two.await(60, TimeUnit.SECONDS)) {
              throw new IOException("nobody else reads");
            }
          } catch (InterruptedException interrupted) {
            throw new IOException(interrupted);
          }
        }
        inner.read(offset, into);
      }
    }
  }

  @Test
  void twoWorkersReadAtTheSameMoment() throws Exception {
    assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "one processor has one worker");
    Meeting files = new Meeting();
    List<Long> told = new ArrayList<>();
    try (LocalImageStore store = LocalImageStore.open(folder.resolve("data"), files)) {
      GoldenVersion version = store.createBlank("debian", SIZE, Progress.NONE);
      store.verify(
          version,
          (done, total) -> {
            assertEquals(SIZE, total);
            told.add(done);
          });
    }
    assertTrue(files.readers.size() >= 2, files.readers.toString());
    assertEquals(told.stream().sorted().toList(), told);
    assertEquals(SIZE, told.getLast());
  }
}
