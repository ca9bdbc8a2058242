// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import org.jspecify.annotations.Nullable;

/** Commands to a logical unit that is not there (SAM-5, incorrect logical unit numbers). */
final class AbsentUnit {
  private AbsentUnit() {}

  /**
   * INQUIRY says that nothing is there, REPORT LUNS says what is, REQUEST SENSE explains, and all
   * else fails.
   */
  static Plan plan(Nexus nexus, @Nullable Command command, Cdb cdb) {
    if (command == null || !command.ignoresAttention()) {
      return Plan.Fail.of(Sense.UNIT_NOT_SUPPORTED);
    }
    if (!command.reservedBitsAreZero(cdb)) {
      return Plan.Fail.of(command.firstReservedBit(cdb));
    }
    return switch (command.opcode()) {
      case Inquiry.OPCODE -> Inquiry.absent(cdb, nexus.target().ports().several());
      case ReportLuns.OPCODE -> ReportLuns.respond(nexus.luns(), cdb);
      case RequestSense.OPCODE -> RequestSense.respond(Sense.UNIT_NOT_SUPPORTED, cdb);
      default -> Plan.Fail.of(Sense.UNIT_NOT_SUPPORTED);
    };
  }
}
