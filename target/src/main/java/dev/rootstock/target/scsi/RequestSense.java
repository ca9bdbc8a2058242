// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

/**
 * REQUEST SENSE (SPC-4 §6.39). Sense data come with the status they belong to (RFC 7143 §11.4.7),
 * so what is left to ask for is a unit attention that waits. The DESC bit is not supported: sense
 * data are in fixed format everywhere.
 */
final class RequestSense {
  static final int OPCODE = 0x03;

  private RequestSense() {}

  static Plan plan(Nexus nexus, DeviceServer server, Cdb cdb, long dataOut) {
    Sense attention = nexus.takeAttention(server);
    return respond(attention == null ? Sense.NONE : attention, cdb);
  }

  static Plan respond(Sense sense, Cdb cdb) {
    return Plan.Respond.truncated(sense.fixedFormat(), cdb.u8(4));
  }
}
