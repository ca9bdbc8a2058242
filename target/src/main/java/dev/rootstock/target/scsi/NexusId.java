// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

/**
 * What names an I_T nexus (SAM-5): an initiator port and a target port. It outlives the session, so
 * persistent reservations know nexuses by it (RFC 7143 §4.4.3).
 *
 * @param targetPort the port's number, {@link TargetPorts}
 */
record NexusId(InitiatorPort initiator, int targetPort) {}
