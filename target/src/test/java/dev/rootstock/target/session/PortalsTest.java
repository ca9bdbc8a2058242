// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.target.Portal;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which portals discovery names (RFC 7143 §13.8, §13.9, Appendix C). */
class PortalsTest {
  private static final String[] ALL = {
    "10.77.0.1", "10.78.0.1", "127.0.0.1", "2001:db8::1", "2001:db8::2", "::1", "fe80::1"
  };

  private static InetSocketAddress portal(String address) {
    try {
      return new InetSocketAddress(InetAddress.getByName(address), 3260);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  private static List<String> reachable(String reached, String... listening) {
    Portals portals = new Portals(List.of());
    for (String address : listening) {
      portals.listening(new Portal(portal(address), 7));
    }
    return portals.reachable(portal(reached), 7);
  }

  /** Appendix C: each address with the tag of its group; the group that was reached is first. */
  @Test
  void portalsOfOtherGroupsHaveTheirOwnTag() {
    Portals portals = new Portals(List.of());
    portals.listening(new Portal(portal("10.77.0.1"), 1));
    portals.listening(new Portal(portal("10.78.0.1"), 2));
    portals.listening(new Portal(portal("10.77.0.2"), 1));
    portals.listening(new Portal(portal("10.78.0.2"), 2));
    assertEquals(
        List.of("10.78.0.2:3260,2", "10.78.0.1:3260,2", "10.77.0.1:3260,1", "10.77.0.2:3260,1"),
        portals.reachable(portal("10.78.0.2"), 2));
  }

  @Test
  void theOneThatWasReachedIsFirst() {
    assertEquals(List.of("10.78.0.1:3260,7", "10.77.0.1:3260,7"), reachable("10.78.0.1", ALL));
  }

  @Test
  void addressesOfTheOtherFamilyAreNotNamed() {
    assertEquals(
        List.of("[2001:db8:0:0:0:0:0:2]:3260,7", "[2001:db8:0:0:0:0:0:1]:3260,7"),
        reachable("2001:db8::2", ALL));
  }

  @Test
  void nobodyElseIsToldOfTheLoopback() {
    assertEquals(List.of("127.0.0.1:3260,7"), reachable("127.0.0.1", ALL));
    assertEquals(List.of("[0:0:0:0:0:0:0:1]:3260,7"), reachable("::1", ALL));
  }

  @Test
  void aLinkLocalPortalIsNamedToThoseWhoReachedIt() {
    assertEquals("[fe80:0:0:0:0:0:0:1]:3260,7", reachable("fe80::1", ALL).getFirst());
  }

  @Test
  void aWildcardIsWhatWasReached() {
    assertEquals(
        List.of("10.77.0.5:3260,7", "10.78.0.1:3260,7"),
        reachable("10.77.0.5", "0.0.0.0", "10.78.0.1"));
  }
}
