// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

/** REPORT LUNS (SPC-4 §6.33). */
final class ReportLuns {
  static final int OPCODE = 0xA0;

  private static final int HEADER_BYTES = 8;
  private static final int ENTRY_BYTES = 8;

  // SELECT REPORT: 0 for ordinary units, 1 for well-known ones (there are none), 2 for both.
  private static final int WELL_KNOWN = 0x01;
  private static final int ALL = 0x02;

  private ReportLuns() {}

  static Plan plan(Nexus nexus, DeviceServer server, Cdb cdb, long dataOut) {
    return respond(nexus.luns(), cdb);
  }

  static Plan respond(int[] luns, Cdb cdb) {
    int select = cdb.u8(2);
    if (select > ALL) {
      return Plan.Fail.of(Sense.invalidCdbField(2, 7));
    }
    int[] reported = select == WELL_KNOWN ? new int[0] : luns;
    byte[] data = new byte[HEADER_BYTES + ENTRY_BYTES * reported.length];
    Bytes.putInt(data, 0, data.length - HEADER_BYTES);
    for (int i = 0; i < reported.length; i++) {
      Bytes.putLong(data, HEADER_BYTES + ENTRY_BYTES * i, Lun.field(reported[i]));
    }
    return Plan.Respond.truncated(data, cdb.u32(6));
  }
}
