// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.images.block.BlockDevice;

/**
 * Logical block provisioning (SBC-3, logical block provisioning): whether blocks can be given up.
 * {@link BlockDevice#discard} promises that they read as zeros afterwards, which is LBPRZ.
 */
final class Provisioning {
  private Provisioning() {}

  /** A read-only disk gives nothing up and so offers none of it. */
  static boolean offered(DeviceServer server) {
    return !server.readOnly();
  }
}
