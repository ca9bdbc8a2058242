// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.target.LogicalUnit;

/** One logical unit of a target, shared by all its nexuses. Safe for use by several event loops. */
final class DeviceServer {
  private final LogicalUnit unit;

  DeviceServer(LogicalUnit unit, String targetName, int portalGroupTag) {
    this.unit = unit;
  }

  LogicalUnit unit() {
    return unit;
  }
}
