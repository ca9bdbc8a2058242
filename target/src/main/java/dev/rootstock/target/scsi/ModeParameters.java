// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

/**
 * What MODE SELECT can change of a logical unit; all its nexuses share it. Saved values are not
 * kept: a reset brings the defaults back, as SPC-4 has it for pages that cannot be saved.
 *
 * @param writeCache WCE: a write may be acknowledged before it would survive power loss
 * @param writeProtect SWP: software write protection
 * @param taskAborted TAS: a command that another initiator aborted ends in TASK ABORTED
 * @param descriptorSense D_SENSE: sense data come in descriptor format
 * @param provisioningErrors LBPERE: thresholds of logical block provisioning are told of
 */
record ModeParameters(
    boolean writeCache,
    boolean writeProtect,
    boolean taskAborted,
    boolean descriptorSense,
    boolean provisioningErrors) {

  static ModeParameters defaults(boolean readOnly) {
    return new ModeParameters(!readOnly, false, false, false, !readOnly);
  }
}
