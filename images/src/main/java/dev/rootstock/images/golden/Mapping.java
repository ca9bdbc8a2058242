// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.golden;

/** What a run of a disk's bytes is made of. Looking it up does no I/O. Lengths are in bytes. */
sealed interface Mapping {

  /** Bytes from the offset that was asked for, at least one; all of one kind. */
  long length();

  /** Reads as zeros, whatever a layer below has there. */
  record Zero(long length) implements Mapping {}

  /** Stands in the file, in one piece. */
  record Data(long fileOffset, long length) implements Mapping {}

  /**
   * Stands in one compressed cluster.
   *
   * @param fileOffset its first byte
   * @param packedBytes at most so many bytes are its own
   * @param inside where the run begins in the cluster
   */
  record Compressed(long fileOffset, int packedBytes, int inside, long length) implements Mapping {}

  /** The bytes of the layer below at the same offset; zeros where there is none. */
  record Backing(long length) implements Mapping {}
}
