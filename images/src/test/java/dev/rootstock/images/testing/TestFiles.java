// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.testing;

import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.NoSpaceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Real files that remember what was done to them in which order, and fail when they are told to.
 */
public final class TestFiles implements HostFiles.Opener {

  /** How an operation fails. */
  public enum Fault {
    /** Nothing is written: the file system is full. */
    NO_SPACE,
    /** Half is written, then the file system is full. */
    HALF_THEN_NO_SPACE,
    /** Half is written, then the disk breaks. */
    HALF_THEN_IO_ERROR,
    /** Nothing is written, the disk breaks. */
    IO_ERROR
  }

  /** What was done to a file. */
  public sealed interface Event {}

  /** Bytes written, whole. */
  public record Written(long offset, ByteBuffer bytes) implements Event {}

  /** Everything before is durable. */
  public record Synced() implements Event {}

  private final HostFiles.Opener inner;
  private final List<Event> events = new ArrayList<>();
  private int writesLeft = -1;
  private int syncsLeft = -1;
  private @Nullable Fault fault;
  private boolean struck;

  public TestFiles() {
    this(HostFiles::open);
  }

  /** Stands before the files that {@code inner} opens. */
  public TestFiles(HostFiles.Opener inner) {
    this.inner = inner;
  }

  /** The write after {@code writes} more of them fails, that one alone. */
  public synchronized void failWriteAfter(int writes, Fault how) {
    writesLeft = writes;
    fault = how;
    struck = false;
  }

  /** The sync after {@code syncs} more of them fails, that one alone. */
  public synchronized void failSyncAfter(int syncs) {
    syncsLeft = syncs;
    struck = false;
  }

  /** Whether the failure has happened. */
  public synchronized boolean struck() {
    return struck;
  }

  /** What has been done so far. */
  public synchronized List<Event> events() {
    return List.copyOf(events);
  }

  public synchronized int eventCount() {
    return events.size();
  }

  @Override
  public HostFile open(Path path, HostFiles.Mode mode) throws IOException {
    return new TestFile(inner.open(path, mode));
  }

  @Override
  public boolean delete(Path path) throws IOException {
    return inner.delete(path);
  }

  @Override
  public void move(Path from, Path to) throws IOException {
    inner.move(from, to);
  }

  @Override
  public void link(Path further, Path file) throws IOException {
    inner.link(further, file);
  }

  @Override
  public void makeFolder(Path folder) throws IOException {
    inner.makeFolder(folder);
  }

  @Override
  public void syncFolder(Path folder) throws IOException {
    if (nextSyncFails()) {
      throw new IOException("a sync of a folder that failed, by order of the test");
    }
    inner.syncFolder(folder);
    remember(new Synced());
  }

  @Override
  public UUID boot() {
    return inner.boot();
  }

  private synchronized @Nullable Fault nextWrite() {
    if (writesLeft >= 0 && writesLeft-- == 0) {
      struck = true;
      return fault;
    }
    return null;
  }

  private synchronized boolean nextSyncFails() {
    boolean fails = syncsLeft >= 0 && syncsLeft-- == 0;
    struck |= fails;
    return fails;
  }

  private synchronized void remember(Event event) {
    events.add(event);
  }

  private final class TestFile extends PassingFile {
    TestFile(HostFile real) {
      super(real);
    }

    @Override
    public void write(long offset, ByteBuffer... parts) throws IOException {
      int length = 0;
      for (ByteBuffer part : parts) {
        length += part.remaining();
      }
      ByteBuffer all = ByteBuffer.allocate(length);
      for (ByteBuffer part : parts) {
        all.put(part);
      }
      all.flip();
      Fault now = nextWrite();
      if (now == Fault.HALF_THEN_NO_SPACE || now == Fault.HALF_THEN_IO_ERROR) {
        int unit = length % 512 == 0 ? 512 : Long.BYTES; // sectors of data, entries of tables
        all.limit(length / 2 / unit * unit);
      }
      if (now == null || all.limit() < length) {
        remember(new Written(offset, all.duplicate().asReadOnlyBuffer()));
        inner.write(offset, all.duplicate());
      }
      if (now == Fault.NO_SPACE || now == Fault.HALF_THEN_NO_SPACE) {
        throw new NoSpaceException("a full disk, by order of the test");
      } else if (now != null) {
        throw new IOException("a broken disk, by order of the test");
      }
    }

    @Override
    public void sync() throws IOException {
      if (nextSyncFails()) {
        throw new IOException("a sync that failed, by order of the test");
      }
      inner.sync();
      remember(new Synced());
    }

    @Override
    public void truncate(long size) throws IOException {
      failBroken();
      inner.truncate(size);
    }

    @Override
    public void punch(long offset, long length) throws IOException {
      failBroken();
      inner.punch(offset, length);
    }

    /** Neither needs space, so of the faults only a broken disk strikes them. */
    private void failBroken() throws IOException {
      if (fault == Fault.IO_ERROR && nextWrite() != null) {
        throw new IOException("a broken disk, by order of the test");
      }
    }
  }
}
