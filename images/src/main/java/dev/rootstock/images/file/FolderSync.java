// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.file;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Syncs of one folder, shared by all who wait for one: hundreds of machines that flush for the
 * first time in one second need a few of them.
 */
public final class FolderSync {
  private final Path folder;
  private final HostFiles.Opener opener;

  /** Syncs are numbered from 1; how many have begun and ended. At most one is under way. */
  private long begun;

  private long ended;

  /** The last one that failed, and how. */
  private long failed;

  private IOException failure = new IOException();

  public FolderSync(Path folder, HostFiles.Opener opener) {
    this.folder = folder;
    this.opener = opener;
  }

  /** Makes the names that are in the folder now survive power loss; blocks. */
  public void sync() throws IOException {
    synchronized (this) {
      long needed = begun + 1; // the one under way may have passed our name already
      awaitTurn(needed);
      if (ended >= needed) {
        if (failed >= needed) {
          throw new IOException(failure.getMessage(), failure);
        }
        return;
      }
      begun++;
    }
    IOException broken = null;
    try {
      opener.syncFolder(folder);
    } catch (IOException e) {
      broken = e;
    }
    synchronized (this) {
      ended = begun;
      if (broken != null) {
        failed = ended;
        failure = broken;
      }
      notifyAll();
    }
    if (broken != null) {
      throw broken;
    }
  }

  private synchronized void awaitTurn(long needed) {
    boolean interrupted = false;
    while (ended < needed && begun > ended) {
      try {
        wait();
      } catch (InterruptedException later) {
        interrupted = true; // an unsynced name is worse than a late one
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
