// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.MalformedDhcpException;
import dev.rootstock.dhcp.RelayAgentInformation;
import java.net.Inet4Address;
import java.util.List;
import java.util.Optional;

/**
 * Which network a packet asks from. What names it most exactly counts: the relay agent's link
 * selection (RFC 3527 §3), the client's subnet selection (RFC 3011 §2), the relay agent's address
 * (RFC 2131 §4.3.1), the interface.
 *
 * @param subnets those that are served
 */
record SubnetChoice(List<DhcpSubnet> subnets) {
  SubnetChoice {
    subnets = List.copyOf(subnets);
  }

  /**
   * The network.
   *
   * @param arrival the network of the interface that the packet came in on
   * @return empty where a relay agent or the client names one that is not served
   * @throws MalformedDhcpException if the option that names it cannot be read
   */
  Optional<DhcpSubnet> of(DhcpPacket packet, DhcpSubnet arrival) throws MalformedDhcpException {
    Optional<Inet4Address> named = named(packet);
    if (named.isPresent()) {
      return at(named.get());
    }
    // A client behind a relay agent renews by unicast, past the relay (RFC 2131 §4.3.2). One on a
    // link of ours has to be there: with an address of another link it has been moved.
    if (!packet.ciaddr().equals(DhcpPacket.NO_ADDRESS)) {
      Optional<DhcpSubnet> far = at(packet.ciaddr()).filter(each -> each.behindRelay().isPresent());
      if (far.isPresent()) {
        return far;
      }
    }
    return Optional.of(arrival);
  }

  /** The address by which the packet names its network; empty for that of the interface. */
  static Optional<Inet4Address> named(DhcpPacket packet) throws MalformedDhcpException {
    if (packet.isRelayed()) {
      Optional<RelayAgentInformation> relay = RelayAgentInformation.of(packet.options());
      if (relay.isPresent() && relay.get().linkSelection().isPresent()) {
        return relay.get().linkSelection();
      }
    }
    Optional<Inet4Address> selected = packet.options().get(DhcpOption.SUBNET_SELECTION);
    if (selected.isPresent()) {
      return selected;
    }
    return packet.isRelayed() ? Optional.of(packet.giaddr()) : Optional.empty();
  }

  /**
   * The network that has an address, its own address included: RFC 3011 and RFC 3527 name it so.
   */
  private Optional<DhcpSubnet> at(Inet4Address address) {
    return subnets.stream().filter(each -> each.contains(address)).findFirst();
  }

  /** Whether an address is on a network that is served. */
  boolean isServed(Inet4Address address) {
    return at(address).isPresent();
  }

  /** Whether an address is one that a client may know us by. */
  boolean isOurs(Inet4Address address) {
    return subnets.stream().anyMatch(each -> each.serverAddress().equals(address));
  }

  /** Whether a client's option 54 names us, by our address or by what its relay calls us. */
  boolean isOurs(Inet4Address serverId, DhcpPacket packet) throws MalformedDhcpException {
    if (isOurs(serverId)) {
      return true;
    }
    Optional<RelayAgentInformation> relay =
        packet.isRelayed() ? RelayAgentInformation.of(packet.options()) : Optional.empty();
    return relay.isPresent() && relay.get().serverIdOverride().filter(serverId::equals).isPresent();
  }
}
