// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.MeteredFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentHashMap;

/** What golden versions take of the store, and those that are being made. */
final class VersionSpace {
  private final StoreSpace space;
  private final HostFiles.Opener opener;
  private final ConcurrentHashMap<GoldenVersion, StoreSpace.Share> shares =
      new ConcurrentHashMap<>();

  /** Counts the versions that are there. */
  VersionSpace(StoreSpace space, HostFiles.Opener opener, GoldenFiles files) throws IOException {
    this.space = space;
    this.opener = opener;
    for (GoldenVersion version : files.versions()) {
      StoreSpace.Share share = space.share();
      share.set(StoreSpace.allocated(files.file(version), opener));
      shares.put(version, share);
    }
  }

  /** Room for a version's file, which goes up as it is written. */
  final class Making implements AutoCloseable {
    private final StoreSpace.Share share = space.share();
    private boolean kept;

    /** Opens files like any other; what it creates is counted. */
    HostFile open(Path path, HostFiles.Mode mode) throws IOException {
      HostFile file = opener.open(path, mode);
      return mode == HostFiles.Mode.CREATE ? new MeteredFile(file, share) : file;
    }

    /** The file is this version's now, in place of the one that it may have had. */
    void became(GoldenVersion version) {
      kept = true;
      StoreSpace.Share former = shares.put(version, share);
      if (former != null) {
        former.set(0);
      }
    }

    @Override
    public void close() {
      if (!kept) {
        share.set(0);
      }
    }
  }

  Making making() {
    return new Making();
  }

  /** A version is gone. */
  void drop(GoldenVersion version) {
    StoreSpace.Share share = shares.remove(version);
    if (share != null) {
      share.set(0);
    }
  }
}
