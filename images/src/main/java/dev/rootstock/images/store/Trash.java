// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.file.HostFiles;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where files go whose deletion may take long. The folder itself is the queue, so nothing is
 * forgotten over a restart and nothing waits in memory; one thread empties it when there is work.
 */
final class Trash implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(Trash.class);
  private static final long CLOSE_SECONDS = 60;

  private final Path folder;
  private final HostFiles.Opener opener;
  private final ThreadPoolExecutor sweeper;
  private volatile boolean closed;

  Trash(Path folder, HostFiles.Opener opener) throws IOException {
    this.folder = folder;
    this.opener = opener;
    opener.makeFolder(folder);
    // One sweep at work and one in waiting: whoever asks is followed by a sweep, and no more wait.
    sweeper =
        new ThreadPoolExecutor(
            1,
            1,
            1,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(1),
            work -> {
              Thread thread = new Thread(work, "images-trash");
              thread.setDaemon(true);
              return thread;
            },
            new ThreadPoolExecutor.DiscardPolicy());
    sweeper.allowCoreThreadTimeOut(true);
  }

  /**
   * Keeps a file's content from being deleted by whatever replaces its name next.
   *
   * @return the name that it has meanwhile; null where the file system has no links
   */
  @Nullable Path keep(Path file) throws IOException {
    Path kept = fresh();
    try {
      opener.link(kept, file);
    } catch (UnsupportedOperationException noLinks) {
      return null; // then the replacing itself deletes it: slower, and just as right
    }
    return kept;
  }

  /** Takes a file away from its name. */
  void move(Path file) throws IOException {
    opener.move(file, fresh());
  }

  private Path fresh() {
    return folder.resolve(UUID.randomUUID().toString());
  }

  /** Deletes what is of no use to anybody; what cannot be deleted is swept at the next start. */
  void deleteQuietly(Path file) {
    try {
      opener.delete(file);
    } catch (IOException failed) {
      LOG.warn("cannot delete {}: {}", file, failed.toString());
    }
  }

  /** Has everything in the folder deleted soon. */
  void empty() {
    sweeper.execute(this::sweep);
  }

  private void sweep() {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        if (closed) {
          return;
        }
        deleteQuietly(file);
      }
    } catch (IOException failed) {
      LOG.warn("cannot empty {}: {}", folder, failed.toString());
    }
  }

  /** What is left is deleted when the store is next opened. */
  @Override
  public void close() {
    closed = true;
    sweeper.shutdown();
    try {
      if (!sweeper.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("a file in {} takes long to delete", folder);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
