// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.testing;

import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.NoSpaceException;
import dev.rootstock.images.testing.TestFiles.Fault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Real files of which one operation fails that is chosen by its number: any that goes to the file
 * system, by name or by descriptor. Nothing is synced. What works in the background does not count,
 * for nobody waits for it and its turn is not ours to know. A file takes as much as it is long, for
 * what a file system says changes by itself while it writes.
 */
public final class FaultyFiles implements HostFiles.Opener {
  private static final int NEVER = -1;
  private static final Set<String> BACKGROUND =
      Set.of("images-trash", "images-flatten", "store-count");

  private int seen;
  private int at = NEVER;
  private Fault fault = Fault.IO_ERROR;
  private @Nullable String struck;
  private final List<Path> open = new ArrayList<>();

  /** The operation after {@code number} more of those that can fail so fails, that one alone. */
  public synchronized void fail(int number, Fault how) {
    seen = 0;
    at = number;
    fault = how;
    struck = null;
  }

  /** Only counts those that could fail so. */
  public void count(Fault how) {
    fail(NEVER, how);
  }

  /** Nothing fails any more; returns how many there were that could have. */
  public synchronized int end() {
    at = NEVER;
    return seen;
  }

  /** What has failed; null for nothing. */
  public synchronized @Nullable String struck() {
    return struck;
  }

  /** Files that are open, each as often as it is. */
  public synchronized List<Path> open() {
    return open.stream().sorted().toList();
  }

  private synchronized boolean strikes(String what, Object file, boolean takesSpace) {
    boolean full = fault == Fault.NO_SPACE || fault == Fault.HALF_THEN_NO_SPACE;
    if ((full && !takesSpace) || isBackground()) {
      return false;
    }
    boolean now = seen++ == at;
    if (now) {
      struck = what + " " + file;
    }
    return now;
  }

  private static boolean isBackground() {
    return BACKGROUND.contains(Thread.currentThread().getName());
  }

  private void name(String what, Path path, boolean takesSpace) throws IOException {
    if (strikes(what, path, takesSpace)) {
      boolean full = fault == Fault.NO_SPACE || fault == Fault.HALF_THEN_NO_SPACE;
      throw new FileSystemException(
          path.toString(), null, full ? "No space left on device" : "Input/output error");
    }
  }

  @Override
  public HostFile open(Path path, HostFiles.Mode mode) throws IOException {
    name("open", path, mode == HostFiles.Mode.CREATE);
    return new File(HostFiles.open(path, mode), path);
  }

  @Override
  public boolean delete(Path path) throws IOException {
    name("delete", path, false);
    return HostFiles.Opener.super.delete(path);
  }

  @Override
  public void move(Path from, Path to) throws IOException {
    name("move", to, true);
    HostFiles.Opener.super.move(from, to);
  }

  @Override
  public void link(Path further, Path file) throws IOException {
    name("link", further, true);
    HostFiles.Opener.super.link(further, file);
  }

  @Override
  public void makeFolder(Path folder) throws IOException {
    name("make", folder, true);
    HostFiles.Opener.super.makeFolder(folder);
  }

  @Override
  public void syncFolder(Path folder) throws IOException {
    name("sync", folder, false);
  }

  private final class File extends PassingFile {
    private final Path path;
    private boolean closed;

    File(HostFile real, Path path) {
      super(real);
      this.path = path;
      closed = isBackground(); // it is none of those that are told of
      synchronized (FaultyFiles.this) {
        if (!closed) {
          open.add(path);
        }
      }
    }

    private void broken(String what) throws IOException {
      if (strikes(what, path, false)) {
        throw new IOException("cannot %s %s: input/output error".formatted(what, path));
      }
    }

    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
      broken("read");
      inner.read(offset, into);
    }

    @Override
    public void write(long offset, ByteBuffer... parts) throws IOException {
      if (!strikes("write", path, true)) {
        inner.write(offset, parts);
        return;
      }
      if (fault == Fault.HALF_THEN_NO_SPACE || fault == Fault.HALF_THEN_IO_ERROR) {
        ByteBuffer some = parts[0].duplicate();
        inner.write(offset, some.limit(some.position() + some.remaining() / 2));
      }
      String what = "cannot write " + path;
      throw fault == Fault.NO_SPACE || fault == Fault.HALF_THEN_NO_SPACE
          ? new NoSpaceException(what + ": no space left on the file system")
          : new IOException(what + ": input/output error");
    }

    @Override
    public void sync() throws IOException {
      broken("sync");
    }

    @Override
    public void truncate(long size) throws IOException {
      broken("cut");
      inner.truncate(size);
    }

    @Override
    public void punch(long offset, long length) throws IOException {
      broken("punch");
      inner.punch(offset, length);
    }

    @Override
    public long size() throws IOException {
      broken("measure");
      return inner.size();
    }

    @Override
    public long allocated() throws IOException {
      return inner.size();
    }

    @Override
    public void close() throws IOException {
      synchronized (FaultyFiles.this) {
        if (!closed) {
          closed = true;
          open.remove(path);
        }
      }
      inner.close();
    }
  }
}
