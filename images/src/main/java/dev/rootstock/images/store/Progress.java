// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

/** Told how far a long operation has come, on the thread that runs it. */
@FunctionalInterface
public interface Progress {

  /** For those who do not look. */
  Progress NONE = (done, total) -> {};

  /**
   * Some more is done; called a few times a second at most, and once at the end.
   *
   * @param done bytes done, 0 to {@code total}
   * @param total bytes of the whole
   */
  void at(long done, long total);
}
