// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.IoCompletion;
import dev.rootstock.images.golden.GoldenImage;
import dev.rootstock.images.golden.LayerWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Makes a fresh overlay show another disk's content, by writing what its golden version lacks. */
final class DeviceFill {
  private DeviceFill() {}

  static void copy(GoldenImage content, GoldenImage base, BlockDevice to, Progress progress)
      throws IOException {
    ByteBuffer wanted = ByteBuffer.allocateDirect(LayerWriter.CLUSTER);
    ByteBuffer below = ByteBuffer.allocateDirect(LayerWriter.CLUSTER);
    ProgressClock clock = new ProgressClock(progress, content.size());
    for (long at = 0; at < content.size(); at += wanted.limit()) {
      long offset = at;
      wanted.clear().limit((int) Math.min(wanted.capacity(), content.size() - at));
      content.read(at, wanted);
      base.read(at, below.clear().limit(wanted.limit()));
      if (!wanted.flip().equals(below.flip())) {
        if (SparseCopy.isZero(wanted)) {
          await(done -> to.discard(offset, wanted.limit(), done));
        } else {
          ByteBuffer[] parts = {wanted.duplicate()};
          await(done -> to.write(offset, parts, Durability.CACHED, done));
        }
      }
      clock.at(at + wanted.limit());
    }
    await(to::flush);
  }

  private static void await(Consumer<IoCompletion> operation) throws IOException {
    CompletableFuture<@Nullable BlockIoException> ended = new CompletableFuture<>();
    operation.accept(ended::complete);
    BlockIoException failure = ended.join();
    if (failure != null) {
      throw failure;
    }
  }
}
