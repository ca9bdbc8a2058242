// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

/**
 * The status of a command (SAM-5, status codes), as the Status field of a SCSI Response carries it.
 */
public enum ScsiStatus {
  GOOD(0x00),
  CHECK_CONDITION(0x02),
  CONDITION_MET(0x04),
  BUSY(0x08),
  RESERVATION_CONFLICT(0x18),
  TASK_SET_FULL(0x28),
  TASK_ABORTED(0x40);

  private final int code;

  ScsiStatus(int code) {
    this.code = code;
  }

  /** The byte on the wire. */
  public int code() {
    return code;
  }
}
