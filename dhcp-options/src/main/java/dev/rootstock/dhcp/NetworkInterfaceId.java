// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

/**
 * Option 94 (RFC 4578 §2.2): the version of UNDI that the firmware speaks.
 *
 * @param type 1 is UNDI
 * @param major the major revision, 0 to 255
 * @param minor the minor revision, 0 to 255
 */
public record NetworkInterfaceId(int type, int major, int minor) {
  private static final int LENGTH = 3;

  static NetworkInterfaceId decode(byte[] option) throws MalformedDhcpException {
    if (option.length != LENGTH) {
      throw new MalformedDhcpException(
          "a network interface identifier has three bytes, not " + option.length);
    }
    return new NetworkInterfaceId(option[0] & 0xFF, option[1] & 0xFF, option[2] & 0xFF);
  }

  byte[] encode() {
    return new byte[] {(byte) type, (byte) major, (byte) minor};
  }
}
