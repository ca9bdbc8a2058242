// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

/**
 * REQUEST SENSE (SPC-4 §6.39). Sense data come with the status they belong to (RFC 7143 §11.4.7),
 * so what is left to ask for is a unit attention that waits, or how far a long operation is.
 */
final class RequestSense {
  static final int OPCODE = 0x03;

  private static final int DESC_BIT = 0;

  private RequestSense() {}

  static Plan plan(Nexus nexus, DeviceServer server, Cdb cdb, long dataOut) {
    Sense attention = nexus.takeAttention(server);
    if (attention != null) {
      return respond(attention, cdb);
    }
    Sense condition = server.sanitation().condition();
    return respond(condition == null ? Sense.NONE : condition, cdb);
  }

  static Plan respond(Sense sense, Cdb cdb) {
    boolean descriptors = cdb.bit(1, DESC_BIT);
    return Plan.Respond.truncated(
        descriptors ? sense.descriptorFormat() : sense.fixedFormat(), cdb.u8(4));
  }
}
