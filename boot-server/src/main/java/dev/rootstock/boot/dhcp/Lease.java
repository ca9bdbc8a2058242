// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpPacket;
import java.net.Inet4Address;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * A stranger's address for a while.
 *
 * @param address of one of our ranges
 * @param holder whose it is, as {@link #holder} says
 * @param ends when, in seconds since 1970; what has ended is kept, so that the machine finds its
 *     address again
 */
record Lease(Inet4Address address, String holder, long ends) {
  private static final byte ETHERNET = 1;

  boolean active(long now) {
    return ends > now;
  }

  /**
   * Who asks, on which network: its client identifier, or its network card where it sends none (RFC
   * 2131 §4.2). An identifier that is just the card, as firmware has it, is the card: so firmware,
   * iPXE and an initramfs without an identifier are one machine.
   */
  static String holder(DhcpPacket packet, DhcpSubnet subnet) {
    String card = packet.chaddr().type() + ":" + packet.chaddr().text();
    String who =
        packet
            .options()
            .bytes(DhcpOption.CLIENT_ID.code())
            .filter(id -> id.length > 1)
            .filter(id -> !isCard(id, packet))
            .map(Lease::named)
            .orElse(card);
    return subnet.network() + "," + who;
  }

  /** A long identifier by its hash: anybody writes as long ones as a packet holds. */
  private static String named(byte[] id) {
    if (id.length <= Limits.CLIENT_ID) {
      return "id:" + HexFormat.of().formatHex(id);
    }
    try {
      return "sha256:" + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(id));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static boolean isCard(byte[] id, DhcpPacket packet) {
    byte[] card = packet.chaddr().bytes();
    return id[0] == ETHERNET
        && packet.chaddr().type() == ETHERNET
        && Arrays.equals(id, 1, id.length, card, 0, card.length);
  }
}
