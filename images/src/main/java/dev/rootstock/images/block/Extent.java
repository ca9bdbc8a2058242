// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.block;

import java.nio.channels.FileChannel;

/** Where a run of a device's bytes comes from. Offsets and lengths are in bytes. */
public sealed interface Extent {

  /** The first byte on the device. */
  long offset();

  /** The number of bytes, at least one logical block. */
  long length();

  /** Bytes of a golden version: they can never change, so they may be sent from their file. */
  record Immutable(long offset, long length, FileChannel file, long fileOffset) implements Extent {}

  /** Bytes that this device's client wrote: they may change under a reader. */
  record Mutable(long offset, long length) implements Extent {}

  /** Bytes that no file holds; they read as zeros until somebody writes. */
  record Zero(long offset, long length) implements Extent {}
}
