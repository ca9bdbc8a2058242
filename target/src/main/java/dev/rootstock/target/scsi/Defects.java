// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

/**
 * READ DEFECT DATA (10) and (12) (SBC-3). A disk that is a file has no defects of its own to list,
 * so each list is empty, in whatever format it was asked for.
 */
final class Defects {
  private static final int TEN_BYTES = 4;
  private static final int TWELVE_BYTES = 8;

  /** REQ_PLIST, REQ_GLIST and DEFECT LIST FORMAT; the answer has them in the same places. */
  private static final int REQUEST = 0x1F;

  private Defects() {}

  static Plan ten(DeviceServer server, Cdb cdb) {
    byte[] data = new byte[TEN_BYTES];
    data[1] = (byte) (cdb.u8(2) & REQUEST);
    return Plan.Respond.truncated(data, cdb.u16(7));
  }

  static Plan twelve(DeviceServer server, Cdb cdb) {
    byte[] data = new byte[TWELVE_BYTES];
    data[1] = (byte) (cdb.u8(1) & REQUEST);
    return Plan.Respond.truncated(data, cdb.u32(6));
  }
}
