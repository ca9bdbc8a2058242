// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What a machine's network card is called on its link (htype, hlen and chaddr of RFC 2131 §2).
 *
 * @param type the hardware type that IANA assigned, 0 to 255; 1 is Ethernet
 * @param text its bytes in lower-case hexadecimal with colons between, 1 to 16 of them, 6 for
 *     Ethernet
 */
public record HardwareAddress(int type, String text) {
  /** IANA's hardware type of Ethernet. */
  public static final int ETHERNET = 1;

  private static final int ETHERNET_BYTES = 6;
  private static final HexFormat COLONS = HexFormat.ofDelimiter(":");
  private static final Pattern TEXT = Pattern.compile("[0-9a-f]{2}(:[0-9a-f]{2}){0,15}");

  public HardwareAddress {
    if (type < 0 || type > 255 || !TEXT.matcher(text).matches()) {
      throw new IllegalArgumentException("not a hardware address: type " + type + ", " + text);
    }
    if (type == ETHERNET && text.length() != ETHERNET_BYTES * 3 - 1) {
      throw new IllegalArgumentException("an Ethernet address has six bytes, not " + text);
    }
  }

  /** Reads an Ethernet address as people write it: {@code 52:54:00:77:00:01}, or with '-'. */
  public static HardwareAddress ethernet(String text) {
    return new HardwareAddress(ETHERNET, text.toLowerCase(Locale.ROOT).replace('-', ':'));
  }

  static HardwareAddress of(int type, byte[] bytes) throws MalformedDhcpException {
    if (bytes.length == 0
        || bytes.length > Limits.HARDWARE_ADDRESS
        || (type == ETHERNET && bytes.length != ETHERNET_BYTES)) {
      throw new MalformedDhcpException(
          "hlen " + bytes.length + " does not fit hardware type " + type);
    }
    return new HardwareAddress(type, COLONS.formatHex(bytes));
  }

  /** The bytes of chaddr, without padding. */
  public byte[] bytes() {
    return COLONS.parseHex(text);
  }

  @Override
  public String toString() {
    return text;
  }
}
