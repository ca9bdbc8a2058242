// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

/** A byte of the overlay's file. */
record HostOffset(long value) {
  HostOffset plus(long bytes) {
    return new HostOffset(value + bytes);
  }
}
