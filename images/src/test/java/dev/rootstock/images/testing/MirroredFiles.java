// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.testing;

import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.UUID;

/**
 * Real files, and everything that is done to them and their names done to {@link CrashFiles} as
 * well, which remember it. So what lists folders by itself can be crashed too. Nothing real is
 * synced: the power that goes is the mirror's.
 */
public final class MirroredFiles implements HostFiles.Opener {
  private final CrashFiles mirror;

  public MirroredFiles(CrashFiles mirror) {
    this.mirror = mirror;
  }

  @Override
  public HostFile open(Path path, HostFiles.Mode mode) throws IOException {
    HostFile real = HostFiles.open(path, mode);
    if (mode != HostFiles.Mode.CREATE && !mirror.exists(path)) {
      return real; // not of the folder that is watched
    }
    return new Both(real, mirror.open(path, mode));
  }

  @Override
  public boolean delete(Path path) throws IOException {
    boolean deleted = HostFiles.Opener.super.delete(path);
    mirror.delete(path);
    return deleted;
  }

  @Override
  public void move(Path from, Path to) throws IOException {
    HostFiles.Opener.super.move(from, to);
    mirror.move(from, to);
  }

  @Override
  public void link(Path further, Path file) throws IOException {
    HostFiles.Opener.super.link(further, file);
    mirror.link(further, file);
  }

  @Override
  public void makeFolder(Path folder) throws IOException {
    HostFiles.Opener.super.makeFolder(folder);
    mirror.makeFolder(folder);
  }

  @Override
  public void syncFolder(Path folder) {
    mirror.syncFolder(folder);
  }

  @Override
  public UUID boot() {
    return mirror.boot();
  }

  private static final class Both extends PassingFile {
    private final HostFile mirrored;

    Both(HostFile real, HostFile mirrored) {
      super(real);
      this.mirrored = mirrored;
    }

    @Override
    public void write(long offset, ByteBuffer... parts) throws IOException {
      ByteBuffer[] copies = new ByteBuffer[parts.length];
      for (int i = 0; i < parts.length; i++) {
        copies[i] = parts[i].duplicate();
      }
      inner.write(offset, parts);
      mirrored.write(offset, copies);
    }

    @Override
    public void sync() throws IOException {
      mirrored.sync();
    }

    @Override
    public void truncate(long size) throws IOException {
      inner.truncate(size);
      mirrored.truncate(size);
    }

    @Override
    public void punch(long offset, long length) throws IOException {
      inner.punch(offset, length);
      mirrored.punch(offset, length);
    }
  }
}
