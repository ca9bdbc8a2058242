// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.Limits;
import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;

/**
 * Memory outside the heap for tables and counts on their way from or to a file. It is used again
 * and again: what is allocated there for one call stays until a collection that nothing hurries,
 * and ten thousand overlays soon hold hundreds of MiB of it.
 *
 * <p>Those in use are one or two for each thread that works on a file; of those that are not,
 * {@link Limits#SCRATCHES} are kept.
 */
final class Scratch implements AutoCloseable {
  private static final ByteBuffer ZEROS =
      ByteBuffer.allocateDirect(Limits.MAX_CLUSTER_BYTES).asReadOnlyBuffer();

  private static final ArrayBlockingQueue<Scratch> FREE =
      new ArrayBlockingQueue<>(Limits.SCRATCHES);

  private final ByteBuffer bytes = ByteBuffer.allocateDirect(Limits.SCRATCH_BYTES);

  private Scratch() {}

  /** One that is nobody else's until it is closed. */
  static Scratch take() {
    Scratch kept = FREE.poll();
    return kept != null ? kept : new Scratch();
  }

  /** Its first bytes, whatever is in them: the same ones each time. */
  ByteBuffer bytes(int count) {
    return bytes.slice(0, count);
  }

  /** Zeros to be written, a cluster at the most. */
  static ByteBuffer zeros(int count) {
    return ZEROS.slice(0, count);
  }

  /** Nobody may use its bytes any more. */
  @Override
  public void close() {
    FREE.offer(this);
  }
}
