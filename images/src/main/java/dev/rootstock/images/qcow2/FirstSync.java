// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.file.NoSpaceException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * What the first checkpoint does that an open overlay makes.
 *
 * <p>An overlay is made without a sync: it is empty, and whoever finds it gone after a power loss
 * may make it again. That ends before its client is told that anything is flushed. By then the file
 * is durable and says so itself, its name is durable, and so is the knowledge of whoever would make
 * it again: in this order, so that a crash in between leaves a disk that is there and not known to
 * be needed, and never the reverse.
 */
final class FirstSync {

  private final Header header;
  private final OverlayFile.Durable outside;
  private volatile boolean done;

  FirstSync(Header header, OverlayFile.Durable outside) {
    this.header = header;
    this.outside = outside;
  }

  /** Whether the file still says that it may be lost. */
  boolean changesHeader() {
    return !done && header.madeIn() != null;
  }

  /** What has to stand from the epoch on, once all else of the file is durable. */
  ByteBuffer header(long epoch) {
    ByteBuffer out = ByteBuffer.allocate(changesHeader() ? 3 * Long.BYTES : Long.BYTES);
    return out.putLong(0, epoch);
  }

  /** The file is durable. */
  void end() throws IOException {
    if (!done) {
      try {
        outside.make();
      } catch (NoSpaceException full) {
        throw new IOException(full.getMessage(), full); // final, as a sync that failed is
      }
      done = true;
    }
  }
}
