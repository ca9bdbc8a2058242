// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

/**
 * READ and WRITE in their four sizes of SBC-3: the hot path, which makes one small record for each
 * command and no more.
 */
final class Transfers {
  // In byte 1 of all but the 6-byte commands. DPO (bit 4) advises of caching, which is not ours to
  // steer, so it is accepted and has no effect.
  private static final int FUA_BIT = 3;

  private static final int LBA_BITS_OF_SIX = 0x1F_FFFF;
  private static final int BLOCKS_OF_ZERO_IN_SIX = 256;

  private Transfers() {}

  static Plan read6(DeviceServer server, Cdb cdb) {
    return read(server, cdb.u24(1) & LBA_BITS_OF_SIX, blocksOfSix(cdb), 4, false);
  }

  static Plan read10(DeviceServer server, Cdb cdb) {
    return read(server, cdb.u32(2), cdb.u16(7), 7, cdb.bit(1, FUA_BIT));
  }

  static Plan read12(DeviceServer server, Cdb cdb) {
    return read(server, cdb.u32(2), cdb.u32(6), 6, cdb.bit(1, FUA_BIT));
  }

  static Plan read16(DeviceServer server, Cdb cdb) {
    return read(server, cdb.u64(2), cdb.u32(10), 10, cdb.bit(1, FUA_BIT));
  }

  static Plan write6(DeviceServer server, Cdb cdb) {
    return write(server, cdb.u24(1) & LBA_BITS_OF_SIX, blocksOfSix(cdb), 4, false);
  }

  static Plan write10(DeviceServer server, Cdb cdb) {
    return write(server, cdb.u32(2), cdb.u16(7), 7, cdb.bit(1, FUA_BIT));
  }

  static Plan write12(DeviceServer server, Cdb cdb) {
    return write(server, cdb.u32(2), cdb.u32(6), 6, cdb.bit(1, FUA_BIT));
  }

  static Plan write16(DeviceServer server, Cdb cdb) {
    return write(server, cdb.u64(2), cdb.u32(10), 10, cdb.bit(1, FUA_BIT));
  }

  private static int blocksOfSix(Cdb cdb) {
    int blocks = cdb.u8(4);
    return blocks == 0 ? BLOCKS_OF_ZERO_IN_SIX : blocks;
  }

  private static Plan read(DeviceServer server, long lba, long count, int countField, boolean fua) {
    Sense refused = server.checkRange(lba, count, countField, maximum(server));
    if (refused != null) {
      return Plan.Fail.of(refused);
    }
    return new Plan.ReadBlocks(
        server.device(), server.bytes(lba), (int) server.bytes(count), fua && !server.readOnly());
  }

  private static Plan write(
      DeviceServer server, long lba, long count, int countField, boolean fua) {
    Sense refused = server.writeRefusal();
    if (refused == null) {
      refused = server.checkRange(lba, count, countField, maximum(server));
    }
    if (refused != null) {
      return Plan.Fail.of(refused);
    }
    return new Plan.WriteBlocks(
        server.device(), server.bytes(lba), (int) server.bytes(count), server.durability(fua));
  }

  /** The most blocks of one transfer (MAXIMUM TRANSFER LENGTH, VPD page B0). */
  static long maximum(DeviceServer server) {
    return server.blocksIn(Limits.MAX_TRANSFER_BYTES);
  }
}
