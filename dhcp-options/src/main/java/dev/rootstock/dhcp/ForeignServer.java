// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.net.Inet4Address;
import java.util.Locale;

/**
 * DHCP servers of others, and the configuration that makes each of them boot our clients: iPXE gets
 * option 17, 203 and a hint not to wait for a proxy; firmware without iPXE gets a program first.
 * What is printed is whole: the server takes it as it is.
 */
public enum ForeignServer {
  DNSMASQ,
  KEA,
  ISC;

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
}
