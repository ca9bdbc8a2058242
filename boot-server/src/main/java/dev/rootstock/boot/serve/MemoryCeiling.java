// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import dev.rootstock.boot.config.Configuration;
import dev.rootstock.boot.control.RefusedException;
import io.netty.util.internal.PlatformDependent;

/**
 * What the process may take of the machine's memory. The JVM keeps to it by the bounds that it was
 * started with: one for objects, one for the network's buffers. The launcher gives it both out of
 * {@code memory-limit}, two fifths of the limit each; the last fifth is for code, threads and the
 * collector. Golden images in the page cache are the machine's and do not count.
 *
 * @param heap bytes for objects
 * @param buffers bytes for the network's buffers
 */
record MemoryCeiling(long heap, long buffers) {

  /** This process's. */
  static MemoryCeiling ofProcess() {
    return new MemoryCeiling(Runtime.getRuntime().maxMemory(), PlatformDependent.maxDirectMemory());
  }

  /**
   * Refuses to run where the configuration asks for less than the JVM may take.
   *
   * @throws RefusedException that says so, and what to do
   */
  void check(long limit) throws RefusedException {
    if (limit != Configuration.NO_LIMIT && heap + buffers > limit - limit / 10) {
      throw new RefusedException(
          ("'memory-limit' is %d MiB, and this JVM may take %d MiB for objects and %d MiB for"
                  + " buffers: write 'memory-limit' on a line of its own and start with the"
                  + " launcher, or give the JVM two fifths of it each by -Xmx and"
                  + " -XX:MaxDirectMemorySize")
              .formatted(limit >> 20, heap >> 20, buffers >> 20));
    }
  }
}
