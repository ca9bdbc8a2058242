// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import java.util.List;

/**
 * One I_T nexus (SAM-5 §4.8.4): what a session of RFC 7143 is to SCSI. Only its session's event
 * loop may call it.
 */
public final class Nexus implements AutoCloseable {
  private final ScsiTarget target;
  private final List<DeviceServer> servers;

  Nexus(ScsiTarget target, List<DeviceServer> servers) {
    this.target = target;
    this.servers = servers;
  }

  /**
   * Decides what a command needs. For READ and WRITE it only checks; nothing is read, written or
   * waited for here. Side effects on the nexus (a unit attention that has been told) happen now, so
   * ask once for each command, in the order of CmdSN.
   *
   * @param lun the LUN field of the SCSI Command PDU, all 8 bytes (SAM-5 §4.7)
   * @param cdb the command
   * @param dataOut how many bytes the initiator means to send: the Expected Data Transfer Length if
   *     the W bit is set, else 0. Only commands that must not take more or less than their data
   *     look at it (WRITE SAME).
   */
  public Plan plan(long lun, Cdb cdb, long dataOut) {
    return Plan.Fail.of(servers.isEmpty() ? Sense.UNIT_NOT_SUPPORTED : Sense.INVALID_OPCODE);
  }

  /** Ends the nexus with its session. A second call does nothing. */
  @Override
  public void close() {
    target.detach(this);
  }
}
