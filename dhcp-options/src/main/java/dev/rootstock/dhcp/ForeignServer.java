// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.net.Inet4Address;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * DHCP servers of others, and the configuration that makes each of them boot our clients: iPXE gets
 * option 17, 203 and a hint not to wait for a proxy; firmware without iPXE gets a program first.
 * What is printed is whole: the server takes it as it is.
 */
public enum ForeignServer {
  DNSMASQ,
  KEA,
  ISC;

  /** What UEFI's HTTP boot calls itself in option 60, and its server has to call itself. */
  static final String HTTP_CLIENT = "HTTPClient";

  /** A whole configuration, with comments. */
  public String configuration(BootNetwork network) {
    return switch (this) {
      case DNSMASQ -> DnsmasqConfiguration.of(network);
      case KEA -> KeaConfiguration.of(network);
      case ISC -> IscConfiguration.of(network);
    };
  }

  /** As the command line names it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  static String text(Inet4Address address) {
    return address.getHostAddress();
  }

  /**
   * What option 97 holds for a machine, in hexadecimal digits: 00 and the UUID, with its first
   * three fields in the order of RFC 9562 and in that of SMBIOS since 2.6.
   */
  static List<String> machineIds(UUID uuid) {
    String told = uuid.toString();
    String digits = told.replace("-", "");
    String swapped =
        reversed(told.substring(0, 8))
            + reversed(told.substring(9, 13))
            + reversed(told.substring(14, 18))
            + digits.substring(16);
    return Stream.of(digits, swapped).distinct().map(each -> "00" + each).toList();
  }

  private static String reversed(String digits) {
    StringBuilder bytes = new StringBuilder();
    for (int at = digits.length() - 2; at >= 0; at -= 2) {
      bytes.append(digits, at, at + 2);
    }
    return bytes.toString();
  }

  /** Why a place is left out, which a packet of this network cannot come from. */
  static String elsewhere(Inet4Address relay) {
    return "not at relay agent %s, which is on another network: print that with --network"
        .formatted(text(relay));
  }

  /** Bytes with colons between, from their hexadecimal digits. */
  static String colons(String digits) {
    return HexFormat.ofDelimiter(":").formatHex(HexFormat.of().parseHex(digits));
  }
}
