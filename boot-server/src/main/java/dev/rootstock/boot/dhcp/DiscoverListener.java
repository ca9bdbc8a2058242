// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.dhcp.BootStage;
import dev.rootstock.dhcp.DhcpPacket;
import java.net.Inet4Address;
import java.util.Optional;

/** Is told when a known machine may be starting. */
@FunctionalInterface
public interface DiscoverListener {

  /**
   * A DHCPDISCOVER of boot firmware came in, with another transaction number than the client's last
   * one. Anybody on the network can send such a packet. Called on the server's thread: must not
   * block.
   *
   * @param client the client's name
   * @param xid the number of its transaction
   * @param stage {@link BootStage#FIRMWARE} or {@link BootStage#IPXE}
   */
  void discovered(String client, int xid, BootStage stage);

  /**
   * The same packet, for those who want to show what kind of machine it is. Called after {@link
   * #discovered}.
   */
  default void described(String client, BootStage stage, DhcpPacket packet) {}

  /**
   * Whether a machine of the client is at work at the address that is recorded for it, so that the
   * address must not become another. Asked when a packet with the client's keys comes from another
   * network. Must not block either.
   */
  default boolean isAtWork(String client, Inet4Address address) {
    return false;
  }

  /** Where the operating system of a client says that its boot is ready; empty for nowhere. */
  default Optional<String> systemReadyUrl(String client) {
    return Optional.empty();
  }

  /**
   * A machine that is no client asked for an address or for what to boot. As easily forged.
   *
   * @param subnet of ours that it asks on
   * @return whether it is on its way to being a client: then it is given nothing as a stranger
   */
  default boolean stranger(DhcpPacket packet, DhcpSubnet subnet) {
    return false;
  }

  /**
   * A machine was taken for two clients at once, and gets no answer. As easily forged.
   *
   * @param reason one sentence
   */
  default void disputed(DhcpPacket packet, String reason) {}
}
