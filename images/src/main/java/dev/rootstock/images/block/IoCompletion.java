// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.block;

import org.jspecify.annotations.Nullable;

/** Told exactly once how an operation ended, on a thread of the device's choice. */
@FunctionalInterface
public interface IoCompletion {

  /**
   * The operation has ended.
   *
   * @param failure null when the operation succeeded
   */
  void completed(@Nullable BlockIoException failure);
}
