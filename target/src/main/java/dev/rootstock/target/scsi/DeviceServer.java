// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.Geometry;
import dev.rootstock.target.LogicalUnit;
import org.jspecify.annotations.Nullable;

/**
 * One logical unit of a target, shared by all its nexuses: what commands have to know of it. It is
 * immutable, and what commands change for all nexuses is in its {@link UnitState}; so it is safe
 * for use by several event loops.
 */
final class DeviceServer {
  private final LogicalUnit unit;
  private final TargetPorts ports;
  private final UnitState state;
  private final BlockDevice device;
  private final Geometry geometry;
  private final int blockShift;
  private final long blocks;

  DeviceServer(LogicalUnit unit, TargetPorts ports, UnitState state) {
    String serial = unit.serial();
    if (serial.isEmpty()
        || serial.length() > Limits.MAX_SERIAL_CHARACTERS
        || !serial.chars().allMatch(c -> c >= ' ' && c <= '~')) {
      throw new IllegalArgumentException("unit serial number \"" + serial + "\"");
    }
    this.unit = unit;
    this.ports = ports;
    this.state = state;
    device = unit.device();
    geometry = device.geometry();
    blockShift = Integer.numberOfTrailingZeros(geometry.logicalBlockBytes());
    blocks = geometry.blocks();
  }

  LogicalUnit unit() {
    return unit;
  }

  TargetPorts ports() {
    return ports;
  }

  BlockDevice device() {
    return device;
  }

  Geometry geometry() {
    return geometry;
  }

  UnitState state() {
    return state;
  }

  ModeParameters modes() {
    return state.modes();
  }

  Reservations reservations() {
    return state.reservations();
  }

  Sanitation sanitation() {
    return state.sanitation();
  }

  boolean readOnly() {
    return geometry.readOnly();
  }

  /** Why nothing may be written now, or null (SBC-3, write protection). */
  @Nullable Sense writeRefusal() {
    if (geometry.readOnly()) {
      return Sense.WRITE_PROTECTED;
    }
    return modes().writeProtect() ? Sense.SOFTWARE_WRITE_PROTECTED : null;
  }

  /** What a write has to promise: with its write cache off, a unit acknowledges nothing early. */
  Durability durability(boolean forced) {
    return forced || !modes().writeCache() ? Durability.FORCED : Durability.CACHED;
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

  /**
   * The end of a command that changed the medium in several steps: with the write cache off, what
   * it did has to survive power loss before it may succeed.
   */
  Plan.Completion settling(Plan.Completion done) {
    return done.through(
        outcome -> {
          if (outcome instanceof Plan.Respond && durability(false) == Durability.FORCED) {
            device.flush(failure -> done.ended(failure == null ? outcome : Plan.Fail.of(failure)));
          } else {
            done.ended(outcome);
          }
        });
  }

  boolean remembers() {
    return state.remembers();
  }
}
