// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import java.nio.charset.StandardCharsets;

/**
 * The names of a SCSI target device and of its one port.
 *
 * @param targetName the iSCSI target name, which is the device's name (RFC 7143 §4.4.1)
 * @param portalGroupTag 0 to 65535; with the name it makes the port's (RFC 7143 §4.4.1)
 */
record TargetPort(String targetName, int portalGroupTag) {

  /** RELATIVE TARGET PORT IDENTIFIER: there is one port. */
  static final int RELATIVE_IDENTIFIER = 1;

  /** The target port group that it is in. */
  static final int GROUP = 1;

  TargetPort {
    int bytes = targetName.getBytes(StandardCharsets.UTF_8).length;
    if (bytes == 0 || bytes > Limits.MAX_TARGET_NAME_BYTES) {
      throw new IllegalArgumentException("target name of " + bytes + " bytes");
    }
    if (portalGroupTag < 0 || portalGroupTag > 0xFFFF) {
      throw new IllegalArgumentException("portal group tag " + portalGroupTag);
    }
  }

  /** The port's name: the target name, ",t," and the portal group tag in hexadecimal. */
  String name() {
    return String.format("%s,t,0x%04x", targetName, portalGroupTag);
  }
}
