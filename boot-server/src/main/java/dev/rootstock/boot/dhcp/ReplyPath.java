// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.boot.dhcp.Decision.Answer;
import dev.rootstock.dhcp.DhcpPacket;
import java.net.Inet4Address;

/**
 * Where a reply goes (RFC 2131 §4.1): to the relay agent, to the address that the client uses, or
 * to everybody. A client without an address gets a broadcast whatever its broadcast flag says: a
 * unicast to it would need an ARP entry that only it could give, and the clause allows this.
 */
final class ReplyPath {
  private static final int SERVER_PORT = 67;
  private static final int CLIENT_PORT = 68;
  private static final Inet4Address EVERYBODY = AddressRange.address(0xFFFF_FFFFL);

  private ReplyPath() {}

  /** Of an offer or an acknowledgement. */
  static Answer answer(DhcpPacket request, DhcpPacket reply) {
    if (request.isRelayed()) {
      return new Answer(reply, request.giaddr(), SERVER_PORT);
    }
    // A DHCPOFFER carries no ciaddr, so a DHCPDISCOVER cannot direct one at somebody else.
    boolean hasAddress = !reply.ciaddr().equals(DhcpPacket.NO_ADDRESS);
    return new Answer(reply, hasAddress ? reply.ciaddr() : EVERYBODY, CLIENT_PORT);
  }

  /** Of a refusal: the client's address is what is refused. */
  static Answer refusal(DhcpPacket request, DhcpPacket nak) {
    return request.isRelayed()
        ? new Answer(nak, request.giaddr(), SERVER_PORT)
        : new Answer(nak, EVERYBODY, CLIENT_PORT);
  }
}
