// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

/** READ CAPACITY (SBC-3 §5.15, §5.16). */
final class Capacity {
  private static final int TEN_BYTES = 8;
  private static final int SIXTEEN_BYTES = 32;
  private static final long MAX_LBA_OF_TEN = 0xFFFF_FFFFL;

  private static final int LBPME = 0x80;
  private static final int LBPRZ = 0x40;

  private Capacity() {}

  static Plan ten(DeviceServer server, Cdb cdb) {
    byte[] data = new byte[TEN_BYTES];
    // All ones, where the last LBA has no place, send the initiator to READ CAPACITY(16).
    Bytes.putInt(data, 0, (int) Math.min(server.blocks() - 1, MAX_LBA_OF_TEN));
    Bytes.putInt(data, 4, server.blockBytes());
    return Plan.Respond.truncated(data, TEN_BYTES);
  }

  static Plan sixteen(DeviceServer server, Cdb cdb) {
    byte[] data = new byte[SIXTEEN_BYTES];
    Bytes.putLong(data, 0, server.blocks() - 1);
    Bytes.putInt(data, 8, server.blockBytes());
    data[13] = (byte) server.physicalExponent();
    if (Provisioning.offered(server)) {
      data[14] = (byte) (LBPME | LBPRZ);
    }
    return Plan.Respond.truncated(data, cdb.u32(10));
  }
}
