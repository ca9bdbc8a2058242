// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.Geometry;
import dev.rootstock.target.LogicalUnit;
import org.jspecify.annotations.Nullable;

/**
 * One logical unit of a target, shared by all its nexuses: what commands have to know of it. It is
 * immutable and so safe for use by several event loops. What commands will change for all nexuses
 * (mode parameters, reservations) belongs here, behind its own synchronisation.
 */
final class DeviceServer {
  private final LogicalUnit unit;
  private final TargetPort port;
  private final BlockDevice device;
  private final Geometry geometry;
  private final int blockShift;
  private final long blocks;

  DeviceServer(LogicalUnit unit, TargetPort port) {
    String serial = unit.serial();
    if (serial.isEmpty()
        || serial.length() > Limits.MAX_SERIAL_CHARACTERS
        || !serial.chars().allMatch(c -> c >= ' ' && c <= '~')) {
      throw new IllegalArgumentException("unit serial number \"" + serial + "\"");
    }
    this.unit = unit;
    this.port = port;
    device = unit.device();
    geometry = device.geometry();
    blockShift = Integer.numberOfTrailingZeros(geometry.logicalBlockBytes());
    blocks = geometry.blocks();
  }

  LogicalUnit unit() {
    return unit;
  }

  TargetPort port() {
    return port;
  }

  BlockDevice device() {
    return device;
  }

  Geometry geometry() {
    return geometry;
  }

  boolean readOnly() {
    return geometry.readOnly();
  }

  /** Capacity in logical blocks. */
  long blocks() {
    return blocks;
  }

  int blockBytes() {
    return 1 << blockShift;
  }

  /** The bytes that some blocks have. */
  long bytes(long blocks) {
    return blocks << blockShift;
  }

  /** The blocks that fit into some bytes. */
  long blocksIn(long bytes) {
    return bytes >>> blockShift;
  }

  /** Physical blocks are 2 to this power logical blocks. */
  int physicalExponent() {
    return Integer.numberOfTrailingZeros(geometry.physicalBlockBytes()) - blockShift;
  }

  /**
   * Whether a range lies inside the unit.
   *
   * @param lba the first block; negative stands for 2^63 and more
   * @param count 0 to 2^32 - 1; even an empty range begins at a block that exists
   */
  boolean holds(long lba, long count) {
    return lba >= 0 && lba < blocks && count <= blocks - lba;
  }

  /**
   * The checks that commands with a range of blocks and a bounded length share.
   *
   * @param countField where the number of blocks stands in the CDB
   * @param maximum the most blocks
   * @return null when all is well
   */
  @Nullable Sense checkRange(long lba, long count, int countField, long maximum) {
    if (!holds(lba, count)) {
      return Sense.LBA_OUT_OF_RANGE;
    }
    return count > maximum ? Sense.invalidCdbField(countField, 7) : null;
  }
}
