// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.MalformedDhcpException;
import java.net.InetAddress;

/** What decides about packets: a server that gives addresses, or one that stands beside another. */
@FunctionalInterface
interface Responder {
  /**
   * Decides about one packet.
   *
   * @param arrival the subnet of the interface that it came in on
   * @param way how it came in
   * @throws MalformedDhcpException if an option that matters cannot be read
   */
  Decision decide(DhcpPacket packet, DhcpSubnet arrival, Way way) throws MalformedDhcpException;

  /**
   * How a packet came in.
   *
   * @param port ours, 67 or 4011
   * @param sender the address that it came from
   * @param senderPort the port
   */
  record Way(int port, InetAddress sender, int senderPort) {}
}
