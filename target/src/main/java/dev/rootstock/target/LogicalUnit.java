// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import dev.rootstock.images.block.BlockDevice;
import org.jspecify.annotations.Nullable;

/**
 * A disk as a target shows it.
 *
 * @param lun its number, 0 to 16383 (flat space or peripheral addressing)
 * @param device the bytes
 * @param naa the designator of VPD page 83, NAA type 3 (locally assigned): 64 bits whose first four
 *     are 3, the same for the client's life
 * @param serial the unit serial number of VPD page 80, printable ASCII
 * @param memory what the unit remembers through power loss, or null when it remembers nothing
 */
public record LogicalUnit(
    int lun, BlockDevice device, long naa, String serial, @Nullable UnitMemory memory) {

  public LogicalUnit {
    if (lun < 0 || lun > 0x3FFF) {
      throw new IllegalArgumentException("LUN " + lun);
    }
    if (naa >>> 60 != 3) {
      throw new IllegalArgumentException("no NAA type 3 designator: " + Long.toHexString(naa));
    }
  }

  /** A unit that remembers nothing through power loss. */
  public LogicalUnit(int lun, BlockDevice device, long naa, String serial) {
    this(lun, device, naa, serial, null);
  }
}
