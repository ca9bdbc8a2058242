// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.Portal;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

/**
 * The portals that the server listens on, in their groups (RFC 7143 §4.2.1): a session may have
 * connections through any portal of one group. Every target is to be had through all of them. Safe
 * for all threads.
 */
public final class Portals {
  private final Set<Integer> groups;
  private final List<Portal> listening = new CopyOnWriteArrayList<>();

  /** Of what is configured; nothing listens yet. */
  public Portals(Collection<Portal> configured) {
    groups = configured.stream().map(Portal::group).collect(Collectors.toUnmodifiableSet());
  }

  /** Takes an address that the server listens on, with the port that port 0 has become. */
  public void listening(Portal portal) {
    listening.add(portal);
  }

  /** The addresses that the server listens on, in their order. */
  public List<Portal> listening() {
    return List.copyOf(listening);
  }

  /** The tags of all groups. */
  Set<Integer> groups() {
    return groups;
  }

  /**
   * The portals that an initiator can be told of, as TargetAddress values (§13.8): the one that it
   * has reached, the others of its group, and those of the other groups, so far as their addresses
   * are of the same kind. What a wildcard address stands for we do not know, beyond what has been
   * reached.
   *
   * @param group that of the portal that it has reached
   */
  List<String> reachable(InetSocketAddress reached, int group) {
    Map<String, Integer> known = new LinkedHashMap<>();
    known.put(address(reached), group);
    for (boolean same : new boolean[] {true, false}) {
      for (Portal other : listening) {
        if ((other.group() == group) == same
            && sameKind(reached.getAddress(), other.address().getAddress())) {
          known.putIfAbsent(address(other.address()), other.group());
        }
      }
    }
    return known.entrySet().stream().map(each -> each.getKey() + "," + each.getValue()).toList();
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
