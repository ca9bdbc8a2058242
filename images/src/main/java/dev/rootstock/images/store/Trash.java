// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.file.HostFiles;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
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

  /** What may have to go back to its name. */
  private final Set<Path> held = ConcurrentHashMap.newKeySet();

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

  /** Keeps a file's content from being deleted by whatever replaces its name next, if it can. */
  void keep(Path file) {
    try {
      link(fresh(), file);
    } catch (IOException anotherFileSystem) {
      LOG.debug("{} is deleted where it is: {}", file, anotherFileSystem.toString());
    }
  }

  /**
   * Has a file deleted that nobody opens any more; at once where it cannot wait here, because it is
   * on another file system or this one is full.
   *
   * @return false when it stays where it is
   */
  boolean dispose(Path file) {
    try {
      move(file);
    } catch (IOException failed) {
      return deleteQuietly(file);
    }
    empty();
    return true;
  }

  /** Takes a file away from its name. */
  void move(Path file) throws IOException {
    opener.move(file, fresh());
  }

  /** Makes the names in a file's folder durable. */
  interface NamesSync {
    void run() throws IOException;
  }

  /** Takes a file away durably. Where that fails it has its name as before. */
  void remove(Path file, NamesSync sync) throws IOException {
    Path taken = fresh();
    held.add(taken);
    try {
      opener.move(file, taken);
      try {
        sync.run();
      } catch (IOException failure) {
        opener.move(taken, file);
        throw failure;
      }
    } finally {
      held.remove(taken);
    }
  }

  /**
   * Gives a finished file the name of one that may be there, durably. Where that fails the one
   * before has its name as before.
   */
  void replace(Path file, Path finished, NamesSync sync) throws IOException {
    Path before = fresh();
    held.add(before);
    try {
      boolean first = !Files.exists(file);
      boolean kept = !first && link(before, file);
      opener.move(finished, file);
      try {
        sync.run();
      } catch (IOException failure) {
        if (first) {
          deleteQuietly(file);
        } else if (kept) {
          opener.move(before, file);
        }
        throw failure;
      }
    } finally {
      held.remove(before);
    }
  }

  /** Tells whether the file has a further name now; some file systems know no such thing. */
  private boolean link(Path further, Path file) throws IOException {
    try {
      opener.link(further, file);
      return true;
    } catch (UnsupportedOperationException noLinks) {
      return false; // then the replacing itself deletes it: slower, and just as right
    }
  }

  private Path fresh() {
    return folder.resolve(UUID.randomUUID().toString());
  }

  /**
   * Deletes what is of no use to anybody; what cannot be deleted is swept at the next start.
   *
   * @return whether nothing of it is there
   */
  boolean deleteQuietly(Path file) {
    try {
      opener.delete(file);
      return true;
    } catch (IOException failed) {
      LOG.warn("cannot delete {}: {}", file, failed.toString());
      return false;
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
        if (!held.contains(file)) {
          deleteQuietly(file);
        }
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
