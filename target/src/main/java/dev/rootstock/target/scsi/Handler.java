// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

/** What a command does, once its CDB has passed the checks that the table makes. */
@FunctionalInterface
interface Handler {

  /**
   * Decides the command; never blocks.
   *
   * @param nexus the session that it came on
   * @param server the logical unit that it is for
   * @param dataOut how many bytes the initiator means to send
   */
  Plan plan(Nexus nexus, DeviceServer server, Cdb cdb, long dataOut);

  /** A handler that needs no more than most do. */
  @FunctionalInterface
  interface OfUnit {
    Plan plan(DeviceServer server, Cdb cdb);
  }
}
