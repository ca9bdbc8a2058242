// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.store.StoreException.Kind;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A data directory belongs to one process. The lock goes with the process, however it ends; the
 * process's number in the file is for the message only.
 */
final class DataLock implements Closeable {
  /**
   * Directories of this process. A lock of the JVM's own kind vanishes when any channel on its file
   * is closed, so within the process nobody may come as far as opening it a second time.
   */
  private static final Set<Path> HELD = new HashSet<>();

  private final Path folder;
  private final FileChannel channel;

  private DataLock(Path folder, FileChannel channel) {
    this.folder = folder;
    this.channel = channel;
  }

  static DataLock take(Path data) throws StoreException, IOException {
    Path folder = data.toRealPath();
    synchronized (HELD) {
      if (!HELD.add(folder)) {
        throw inUse(data, "this process");
      }
    }
    FileChannel channel = null;
    boolean taken = false;
    try {
      channel =
          FileChannel.open(
              folder.resolve("lock"),
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      @Nullable FileLock lock = channel.tryLock();
      if (lock == null) {
        String owner = Files.readString(folder.resolve("lock")).strip();
        throw inUse(data, owner.isEmpty() ? "another process" : "process " + owner);
      }
      channel.truncate(0);
      String pid = ProcessHandle.current().pid() + "\n";
      channel.write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.US_ASCII)), 0);
      taken = true;
      return new DataLock(folder, channel);
    } finally {
      if (!taken) {
        release(folder, channel);
      }
    }
  }

  private static StoreException inUse(Path data, String owner) {
    return new StoreException(
        Kind.IN_USE,
        "the data directory %s is in use by %s; stop it, or give this server another directory"
            .formatted(data, owner));
  }

  private static void release(Path folder, @Nullable FileChannel channel) throws IOException {
    synchronized (HELD) {
      HELD.remove(folder);
      if (channel != null) {
        channel.close();
      }
    }
  }

  @Override
  public void close() throws IOException {
    release(folder, channel);
  }
}
