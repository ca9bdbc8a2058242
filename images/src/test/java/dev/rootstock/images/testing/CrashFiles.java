// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.testing;

import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Files in memory that remember what was done to all of them in which order, so that {@link
 * Crashes} can tell what a crash at any moment might have left.
 */
public final class CrashFiles implements HostFiles.Opener {

  /** Stands for the number of a folder. */
  static final int FOLDER = -1;

  /** Something done to a file, or to a name. Files have numbers, for names come and go. */
  public sealed interface Operation {
    int file();
  }

  record Written(int file, long offset, ByteBuffer bytes) implements Operation {}

  record Truncated(int file, long size) implements Operation {}

  record Punched(int file, long offset, long length) implements Operation {}

  /** What was done to the file before the operation {@code begun} is durable. */
  record Synced(int file, int begun) implements Operation {}

  record Created(int file, Path path) implements Operation {}

  record Deleted(int file, Path path) implements Operation {}

  /** A file took another name, away from whichever had it. */
  record Moved(int file, Path from, Path to) implements Operation {}

  /** The names that were in the folder before the operation {@code begun} are durable. */
  record FolderSynced(int file, Path folder, int begun) implements Operation {}

  /**
   * What was durable when the process before was killed, and what it had done beyond that: the
   * power may yet go.
   */
  record Killed(
      List<Content> durable,
      Map<Path, Integer> names,
      List<Operation> unsynced,
      List<Operation> unsyncedNames) {}

  private final UUID boot;

  /** Null when everything was durable at the beginning. */
  private final @Nullable Killed killed;

  private final Map<Path, Integer> names = new HashMap<>();
  private final List<Content> contents = new ArrayList<>();
  private final List<Operation> operations = new ArrayList<>();

  /** How long a sync takes, in nanoseconds. */
  private volatile long syncNanos;

  public CrashFiles() {
    this(UUID.randomUUID());
  }

  CrashFiles(UUID boot) {
    this(boot, Map.of(), List.of(), null);
  }

  CrashFiles(UUID boot, Map<Path, Integer> names, List<Content> contents, @Nullable Killed killed) {
    this.boot = boot;
    this.killed = killed;
    this.names.putAll(names);
    contents.forEach(content -> this.contents.add(content.copy()));
  }

  /** Syncs take this long from now on. */
  public void syncNanos(long nanos) {
    syncNanos = nanos;
  }

  /** Puts a file in place that was there all along. */
  synchronized void put(Path path, Content content) {
    names.put(path, contents.size());
    contents.add(content);
  }

  /** Forgets what was done, and gives a copy of everything as it is: it was so all along. */
  public synchronized CrashFiles begin() {
    operations.clear();
    return new CrashFiles(boot, names, contents, killed);
  }

  /** How many operations there have been. */
  public synchronized int count() {
    return operations.size();
  }

  /** How many syncs there have been. */
  public synchronized int syncs() {
    return (int) operations.stream().filter(Synced.class::isInstance).count();
  }

  @Nullable Killed killed() {
    return killed;
  }

  synchronized List<Operation> operations() {
    return List.copyOf(operations);
  }

  synchronized Map<Path, Integer> names() {
    return Map.copyOf(names);
  }

  synchronized List<Content> contents() {
    return contents.stream().map(Content::copy).toList();
  }

  /** What a file holds now. */
  public synchronized byte[] content(Path path) throws NoSuchFileException {
    return contents.get(number(path)).bytes();
  }

  public synchronized boolean exists(Path path) {
    return names.containsKey(path);
  }

  private int number(Path path) throws NoSuchFileException {
    Integer number = names.get(path);
    if (number == null) {
      throw new NoSuchFileException(path.toString());
    }
    return number;
  }

  @Override
  public synchronized HostFile open(Path path, HostFiles.Mode mode)
      throws FileAlreadyExistsException, NoSuchFileException {
    if (mode != HostFiles.Mode.CREATE) {
      return new File(number(path));
    }
    if (names.containsKey(path)) {
      throw new FileAlreadyExistsException(path.toString());
    }
    int number = contents.size();
    names.put(path, number);
    contents.add(new Content());
    operations.add(new Created(number, path));
    return new File(number);
  }

  @Override
  public synchronized boolean delete(Path path) {
    Integer number = names.remove(path);
    if (number != null) {
      operations.add(new Deleted(number, path));
    }
    return number != null;
  }

  @Override
  public synchronized void move(Path from, Path to) throws NoSuchFileException {
    int number = number(from);
    names.remove(from);
    names.put(to, number);
    operations.add(new Moved(number, from, to));
  }

  @Override
  public synchronized void link(Path further, Path file) throws NoSuchFileException {
    int number = number(file);
    names.put(further, number);
    operations.add(new Created(number, further));
  }

  /** A folder has a name like a file, and no number; what is in it is there while it is. */
  @Override
  public synchronized void makeFolder(Path folder) {
    if (names.putIfAbsent(folder, FOLDER) == null) {
      operations.add(new Created(FOLDER, folder));
    }
  }

  /** Writes everything below a folder to a real one. */
  public synchronized void writeTo(Path from, Path to) throws IOException {
    for (Map.Entry<Path, Integer> name : names.entrySet()) {
      if (!name.getKey().startsWith(from)) {
        continue;
      }
      Path path = to.resolve(from.relativize(name.getKey()));
      if (name.getValue() == FOLDER) {
        Files.createDirectories(path);
      } else {
        Files.createDirectories(Objects.requireNonNull(path.getParent()));
        Files.write(path, contents.get(name.getValue()).bytes());
      }
    }
  }

  @Override
  public void syncFolder(Path folder) {
    int begun = count();
    pause(syncNanos);
    synchronized (this) {
      operations.add(new FolderSynced(-1, folder, begun));
    }
  }

  private static void pause(long nanos) {
    if (nanos > 0) {
      LockSupport.parkNanos(nanos);
    }
  }

  @Override
  public UUID boot() {
    return boot;
  }

  private final class File implements HostFile {
    private final int number;

    File(int number) {
      this.number = number;
    }

    @Override
    public boolean tryRead(long offset, ByteBuffer into) {
      synchronized (CrashFiles.this) {
        return contents.get(number).read(offset, into);
      }
    }

    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
      if (!tryRead(offset, into)) {
        throw new EOFException("it has " + size() + " bytes");
      }
    }

    @Override
    public void write(long offset, ByteBuffer... parts) {
      int length = 0;
      for (ByteBuffer part : parts) {
        length += part.remaining();
      }
      ByteBuffer all = ByteBuffer.allocate(length);
      for (ByteBuffer part : parts) {
        all.put(part);
      }
      synchronized (CrashFiles.this) {
        contents.get(number).write(offset, all, 0, length);
        operations.add(new Written(number, offset, all));
      }
    }

    @Override
    public void sync() {
      int begun = count();
      CrashFiles.pause(syncNanos);
      synchronized (CrashFiles.this) {
        operations.add(new Synced(number, begun));
      }
    }

    @Override
    public long size() {
      synchronized (CrashFiles.this) {
        return contents.get(number).size();
      }
    }

    @Override
    public void truncate(long size) {
      synchronized (CrashFiles.this) {
        contents.get(number).resize(size);
        operations.add(new Truncated(number, size));
      }
    }

    @Override
    public void punch(long offset, long length) {
      synchronized (CrashFiles.this) {
        contents.get(number).punch(offset, length);
        operations.add(new Punched(number, offset, length));
      }
    }

    @Override
    public long allocated() {
      return size();
    }

    @Override
    public void lock() {}

    @Override
    public void close() {}
  }
}
