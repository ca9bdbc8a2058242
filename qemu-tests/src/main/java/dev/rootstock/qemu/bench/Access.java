// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.util.SplittableRandom;

/** Which places of a disk a load comes to, and whether it reads or writes them. */
enum Access {
  RANDOM_READ,
  SEQUENTIAL_READ,

  /** Every place once before any again, and neighbours in time are never neighbours on the disk. */
  SCATTERED_WRITE;

  /** Odd, and so prime to the number of places, which is a power of two. */
  static final int STRIDE = 521;

  /**
   * The place of an operation.
   *
   * @param number how many were begun before it
   * @param places how many there are
   */
  long place(long number, long places, SplittableRandom random) {
    return switch (this) {
      case RANDOM_READ -> random.nextLong(places);
      case SEQUENTIAL_READ -> number % places;
      case SCATTERED_WRITE -> number * STRIDE % places;
    };
  }
}
