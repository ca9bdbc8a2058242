// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** How an address is written in a TargetAddress (RFC 7143 §13.8). */
public final class Portal {
  private Portal() {}

  /** Address and port; IPv6 in brackets and without a zone, which means nothing elsewhere. */
  public static String address(InetSocketAddress portal) {
    InetAddress address = portal.getAddress();
    String host = address.getHostAddress();
    if (address instanceof Inet6Address) {
      int zone = host.indexOf('%');
      host = "[" + (zone < 0 ? host : host.substring(0, zone)) + "]";
    }
    return host + ":" + portal.getPort();
  }
}
