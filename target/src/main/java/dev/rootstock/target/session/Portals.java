// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The portals that the server listens on. They are one portal group (RFC 7143 §4.2.1): a session
 * may have connections through any of them. Safe for all threads.
 */
public final class Portals {
  private final int groupTag;
  private volatile List<InetSocketAddress> listening = List.of();

  /**
   * Makes a group without portals.
   *
   * @param groupTag 0 to 65535 (§13.9)
   */
  public Portals(int groupTag) {
    this.groupTag = groupTag;
  }

  /** Takes the addresses that the server listens on. */
  public void listening(List<InetSocketAddress> addresses) {
    listening = List.copyOf(addresses);
  }

  public int groupTag() {
    return groupTag;
  }

  /**
   * The portals that an initiator can be told of, as TargetAddress values (§13.8): the one that it
   * has reached, and every other one whose address is of the same kind. What a wildcard address
   * stands for we do not know, beyond what has been reached.
   */
  List<String> reachable(InetSocketAddress reached) {
    Set<String> known = new LinkedHashSet<>();
    known.add(address(reached));
    for (InetSocketAddress other : listening) {
      if (sameKind(reached.getAddress(), other.getAddress())) {
        known.add(address(other));
      }
    }
    List<String> values = new ArrayList<>();
    known.forEach(address -> values.add(address + "," + groupTag));
    return values;
  }

  private static boolean sameKind(InetAddress reached, InetAddress other) {
    return !other.isAnyLocalAddress()
        // Means something on one link only, and nobody says which.
        && !other.isLinkLocalAddress()
        && other.isLoopbackAddress() == reached.isLoopbackAddress()
        && other.getAddress().length == reached.getAddress().length;
  }

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
