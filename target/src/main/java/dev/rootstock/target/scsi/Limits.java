// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

/** Every bound of the device server, with its reason. */
public final class Limits {

  /**
   * The most data of one READ or WRITE: 32 MiB. Initiators that read VPD page B0 are told so.
   * UEFI's disk driver never reads it and asks for up to 65535 blocks at once, which this lets
   * through.
   */
  public static final int MAX_TRANSFER_BYTES = 32 << 20;

  private Limits() {}
}
