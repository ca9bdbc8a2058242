// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import java.util.List;

/**
 * REPORT TARGET PORT GROUPS (SPC-4 §6.37) and REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS (SPC-4
 * §6.36). There is one group of all ports, and it is always active and optimised.
 */
final class TargetReports {
  private static final int EXTENDED_HEADER = 1;
  private static final int LENGTH_BYTES = 4;
  private static final int EXTENDED_BYTES = 4;
  private static final int GROUP_BYTES = 8;
  private static final int PORT_BYTES = 4;

  /** AO_SUP: the one state that the group can be in, active/optimized (0). */
  private static final int ACTIVE_OPTIMIZED_SUPPORTED = 0x01;

  /** ATS, ATSS, CTSS, LURS and TRS: what RFC 7143 §11.5.1 has a function for. */
  private static final int FUNCTIONS = 0xDA;

  private static final int REPD_BIT = 7;
  private static final int SHORT_BYTES = 4;
  private static final int LONG_BYTES = 16;

  private TargetReports() {}

  static Plan portGroups(DeviceServer server, Cdb cdb) {
    int format = cdb.u8(1) >>> 5;
    if (format > EXTENDED_HEADER) {
      return Plan.Fail.of(Sense.invalidCdbField(1, 7));
    }
    int at = LENGTH_BYTES + (format == EXTENDED_HEADER ? EXTENDED_BYTES : 0);
    List<Integer> ports = server.ports().ports();
    byte[] data = new byte[at + GROUP_BYTES + PORT_BYTES * ports.size()];
    Bytes.putInt(data, 0, data.length - LENGTH_BYTES);
    if (format == EXTENDED_HEADER) {
      data[LENGTH_BYTES] = EXTENDED_HEADER << 4; // no implicit transition, so no time for one
    }
    data[at + 1] = ACTIVE_OPTIMIZED_SUPPORTED;
    Bytes.putShort(data, at + 2, TargetPorts.GROUP);
    data[at + 7] = (byte) ports.size(); // TARGET PORT COUNT
    for (int i = 0; i < ports.size(); i++) {
      Bytes.putShort(data, at + GROUP_BYTES + PORT_BYTES * i + 2, ports.get(i));
    }
    return Plan.Respond.truncated(data, cdb.u32(6));
  }

  static Plan taskManagement(DeviceServer server, Cdb cdb) {
    byte[] data = new byte[cdb.bit(2, REPD_BIT) ? LONG_BYTES : SHORT_BYTES];
    data[0] = (byte) FUNCTIONS;
    data[3] = (byte) (data.length - SHORT_BYTES); // no time-outs are stated (TMFTMOV 0)
    return Plan.Respond.truncated(data, cdb.u32(6));
  }
}
