// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.initiator;

import dev.rootstock.target.pdu.Residual;

/** How a SCSI command ended. */
public final class CommandResult {
  private final int response;
  private final int status;
  private final byte[] data;
  private final byte[] sense;
  private final Residual residual;

  CommandResult(int response, int status, byte[] data, byte[] sense, Residual residual) {
    this.response = response;
    this.status = status;
    this.data = data;
    this.sense = sense;
    this.residual = residual;
  }

  /** The iSCSI service response; 0 when the command was completed at the target. */
  public int response() {
    return response;
  }

  /** The SCSI status. */
  public int status() {
    return status;
  }

  /** What was read. */
  public byte[] data() {
    return data.clone();
  }

  /** Sense data, empty when there are none. */
  public byte[] sense() {
    return sense.clone();
  }

  public Residual residual() {
    return residual;
  }

  /** Whether the command did what it should. */
  public boolean good() {
    return response == 0 && status == 0;
  }

  /** Sense key, additional sense code and qualifier as {@code 05/24/00}; empty without sense. */
  public String senseCode() {
    return sense.length < 14
        ? ""
        : "%02x/%02x/%02x".formatted(sense[2] & 0x0F, sense[12], sense[13]);
  }
}
