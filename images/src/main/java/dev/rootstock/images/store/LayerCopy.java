// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.golden.GoldenImage;
import dev.rootstock.images.golden.LayerWriter;
import dev.rootstock.images.golden.Qcow2Image;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Makes a qcow2 file of a disk: whole, or of what differs from the version below it. */
final class LayerCopy {
  private final GoldenImage from;
  private final @Nullable GoldenImage base;
  private final LayerWriter to;
  private final ByteBuffer content = ByteBuffer.allocateDirect(Limits.COPY_BYTES);
  private final ByteBuffer below = ByteBuffer.allocateDirect(LayerWriter.CLUSTER);

  private LayerCopy(GoldenImage from, @Nullable GoldenImage base, LayerWriter to) {
    this.from = from;
    this.base = base;
    this.to = to;
  }

  /**
   * Writes a file that must not exist, and makes it durable.
   *
   * @param base what {@code backing} names; null for a whole file
   * @param stop asked now and then; true ends the copy with an exception
   */
  static Checksums.Result copy(
      GoldenImage from,
      @Nullable GoldenImage base,
      @Nullable String backing,
      Path file,
      HostFiles.Opener opener,
      BooleanSupplier stop,
      Progress progress)
      throws IOException {
    HostFile out = opener.open(file, HostFiles.Mode.CREATE);
    try (LayerWriter writer = new LayerWriter(out, from.size(), backing)) {
      Checksums.Result result = new LayerCopy(from, base, writer).run(stop, progress);
      writer.finish();
      return result;
    }
  }

  private Checksums.Result run(BooleanSupplier stop, Progress progress) throws IOException {
    Checksums checksums = new Checksums();
    ProgressClock clock = new ProgressClock(progress, from.size());
    for (long at = 0; at < from.size(); at += content.limit()) {
      if (stop.getAsBoolean()) {
        throw new InterruptedIOException("stopped");
      }
      content.clear().limit((int) Math.min(content.capacity(), from.size() - at));
      from.read(at, content);
      content.flip();
      checksums.add(content.duplicate());
      for (int inside = 0; inside < content.limit(); inside += LayerWriter.CLUSTER) {
        int count = Math.min(LayerWriter.CLUSTER, content.limit() - inside);
        cluster(at + inside, content.slice(inside, count));
      }
      clock.at(at + content.limit());
    }
    return checksums.end();
  }

  private void cluster(long at, ByteBuffer bytes) throws IOException {
    boolean zero = SparseCopy.isZero(bytes);
    if (base == null) {
      if (!zero) {
        to.data(at / LayerWriter.CLUSTER, bytes);
      }
      return;
    }
    if (from instanceof Qcow2Image layer && layer.showsBelow(at, bytes.remaining())) {
      return;
    }
    base.read(at, below.clear().limit(bytes.remaining()));
    if (below.flip().equals(bytes)) {
      return;
    }
    if (zero) {
      to.zero(at / LayerWriter.CLUSTER);
    } else {
      to.data(at / LayerWriter.CLUSTER, bytes);
    }
  }
}
