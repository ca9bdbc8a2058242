// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

/** What a run of guest bytes is made of. Looking it up does no I/O. Lengths are in bytes. */
sealed interface Mapping {

  /** Bytes from the guest offset that was asked for; they do not cross into another kind. */
  long length();

  /** Reads as zeros, whatever the golden image has there. */
  record Zero(long length) implements Mapping {}

  /** Stands in the overlay's file. */
  record Data(HostOffset at, long length) implements Mapping {}

  /** The client never wrote it: the golden image's bytes at the same offset. */
  record Backing(long length) implements Mapping {}
}
