// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The hardware address of a network card that a client boots from.
 *
 * @param bits its 48 bits in the low end of a long; the first byte on the wire is the highest
 */
public record MacAddress(long bits) implements Comparable<MacAddress> {
  /** Bytes of an address. */
  public static final int BYTES = 6;

  private static final long GROUP_BIT = 1L << 40;
  private static final Pattern FORM = Pattern.compile("([0-9a-f]{2}[:-]){5}[0-9a-f]{2}");

  public MacAddress {
    if (bits >>> 48 != 0 || bits == 0 || (bits & GROUP_BIT) != 0) {
      throw new InvalidClientException(
          "MAC address %s belongs to no single machine (zero, or a group address)"
              .formatted(text(bits)));
    }
  }

  /** Reads {@code 52:54:00:77:00:01}, also with dashes and in capitals. */
  public static MacAddress parse(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    if (!FORM.matcher(lower).matches()) {
      throw new InvalidClientException(
          "'%s' is no MAC address: write six pairs of hexadecimal digits, as 52:54:00:77:00:01"
              .formatted(Text.shown(text)));
    }
    return new MacAddress(Long.parseLong(lower.replaceAll("[:-]", ""), 16));
  }

  /** Reads the first six bytes, as the chaddr field of DHCP holds them. */
  public static MacAddress of(byte[] bytes) {
    if (bytes.length < BYTES) {
      throw new InvalidClientException("a MAC address has 6 bytes, not " + bytes.length);
    }
    long bits = 0;
    for (int i = 0; i < BYTES; i++) {
      bits = (bits << 8) | (bytes[i] & 0xFF);
    }
    return new MacAddress(bits);
  }

  @Override
  public int compareTo(MacAddress other) {
    return Long.compare(bits, other.bits);
  }

  /** Lower case, with colons. */
  @Override
  public String toString() {
    return text(bits);
  }

  private static String text(long bits) {
    byte[] bytes = new byte[BYTES];
    for (int i = 0; i < BYTES; i++) {
      bytes[i] = (byte) (bits >>> (8 * (BYTES - 1 - i)));
    }
    return HexFormat.ofDelimiter(":").formatHex(bytes);
  }
}
