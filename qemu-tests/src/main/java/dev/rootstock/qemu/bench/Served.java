// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

/**
 * A disk under measurement.
 *
 * @param process the server's, whose processor time counts
 */
record Served(Process process, Disk disk) {
  String url() {
    return disk.url();
  }
}
