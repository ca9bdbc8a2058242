// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

/** Where a client's overlay stands. */
public enum Place {
  /** In the data directory: it survives a loss of power. */
  DISK,
  /** In a file system that lives in RAM: it survives the server, and no loss of power. */
  MEMORY
}
