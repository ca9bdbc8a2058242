// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The names of a SCSI target device and of its ports: one port for each portal group (RFC 7143
 * §4.4.1). A port's number is the tag of its group, in SCSI its RELATIVE TARGET PORT IDENTIFIER, so
 * that it stays what it is when other groups come and go. All ports are in one target port group,
 * since each of them reaches the unit equally well.
 *
 * @param targetName the iSCSI target name, which is the device's name
 * @param ports their numbers, ascending
 */
record TargetPorts(String targetName, List<Integer> ports) {

  /** The target port group that all ports are in. */
  static final int GROUP = 1;

  TargetPorts {
    int bytes = targetName.getBytes(StandardCharsets.UTF_8).length;
    if (bytes == 0 || bytes > Limits.MAX_TARGET_NAME_BYTES) {
      throw new IllegalArgumentException("target name of " + bytes + " bytes");
    }
    ports = ports.stream().distinct().sorted().toList();
    if (ports.isEmpty() || ports.size() > Limits.MAX_TARGET_PORTS) {
      throw new IllegalArgumentException(ports.size() + " target ports");
    }
    // 0 is a portal group tag (RFC 7143 §13.9) and no identifier of a port (SPC-4 §7.8.5.7).
    if (ports.getFirst() < 1 || ports.getLast() > 0xFFFF) {
      throw new IllegalArgumentException("portal group tags " + ports);
    }
  }

  boolean has(int port) {
    return ports.contains(port);
  }

  boolean several() {
    return ports.size() > 1;
  }

  /** A port's name: the target name, ",t," and the portal group tag in hexadecimal. */
  String name(int port) {
    return String.format("%s,t,0x%04x", targetName, port);
  }
}
