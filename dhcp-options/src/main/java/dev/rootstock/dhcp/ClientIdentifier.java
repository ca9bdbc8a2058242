// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.util.HexFormat;

/**
 * Option 61 (RFC 2132 §9.14; RFC 4361 §6.1 for type 255). We echo it (RFC 6842 §3) and never look a
 * client up by it: the boot stages of one machine disagree about it, and some send none.
 *
 * @param type 0 to 255: a hardware type, 0 for text of any kind, or 255 for an IAID and a DUID
 * @param value what follows the type byte, in hexadecimal
 */
public record ClientIdentifier(int type, String value) {

  /** RFC 4361 §6.1. */
  public static final int NODE_SPECIFIC = 255;

  private static final int SHORTEST = 2;

  static ClientIdentifier decode(byte[] option) throws MalformedDhcpException {
    if (option.length < SHORTEST) {
      throw new MalformedDhcpException("a client identifier has two bytes at least");
    }
    return new ClientIdentifier(
        option[0] & 0xFF, HexFormat.of().formatHex(option, 1, option.length));
  }

  byte[] encode() {
    byte[] rest = HexFormat.of().parseHex(value);
    byte[] option = new byte[rest.length + 1];
    option[0] = (byte) type;
    System.arraycopy(rest, 0, option, 1, rest.length);
    return option;
  }
}
