// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.net.Inet4Address;
import java.util.Optional;

/**
 * One DHCP message, as RFC 2131 §2 lays it out.
 *
 * @param reply false for what a client sends, true for what a server does
 * @param chaddr the client's hardware address
 * @param hops 0 to 255
 * @param xid any 32 bits
 * @param secs 0 to 65535 seconds
 * @param flags 16 bits; the highest asks for a broadcast
 * @param ciaddr the address that the client has and uses, or 0.0.0.0
 * @param yiaddr the address that it gets
 * @param siaddr the server of the next stage
 * @param giaddr the relay agent, or 0.0.0.0
 * @param serverName at most 63 bytes; empty where the field holds options or nothing
 * @param bootFile at most 127 bytes; empty where the field holds options or nothing
 * @param options what follows the magic cookie, and what stood in the two fields above
 */
public record DhcpPacket(
    boolean reply,
    HardwareAddress chaddr,
    int hops,
    int xid,
    int secs,
    int flags,
    Inet4Address ciaddr,
    Inet4Address yiaddr,
    Inet4Address siaddr,
    Inet4Address giaddr,
    String serverName,
    String bootFile,
    DhcpOptions options) {

  /** RFC 2131 §2, figure 2. */
  public static final int BROADCAST_FLAG = 0x8000;

  /** 0.0.0.0. */
  public static final Inet4Address NO_ADDRESS = OptionFormat.address(new byte[4], 0);

  /** Whether the client asks for a broadcast reply. */
  public boolean wantsBroadcast() {
    return (flags & BROADCAST_FLAG) != 0;
  }

  public boolean isRelayed() {
    return !giaddr.equals(NO_ADDRESS);
  }

  /** The kind of message; empty for BOOTP, which has none. */
  public Optional<MessageType> messageType() throws MalformedDhcpException {
    return options.get(DhcpOption.MESSAGE_TYPE);
  }

  /** The same packet with other options. */
  public DhcpPacket withOptions(DhcpOptions other) {
    return new DhcpPacket(
        reply,
        chaddr,
        hops,
        xid,
        secs,
        flags,
        ciaddr,
        yiaddr,
        siaddr,
        giaddr,
        serverName,
        bootFile,
        other);
  }

  /** The same packet with other addresses for the client. */
  DhcpPacket withAddresses(Inet4Address newCiaddr, Inet4Address newYiaddr) {
    return new DhcpPacket(
        reply,
        chaddr,
        hops,
        xid,
        secs,
        flags,
        newCiaddr,
        newYiaddr,
        siaddr,
        giaddr,
        serverName,
        bootFile,
        options);
  }

  /** The same packet with what is to be loaded next. */
  DhcpPacket withNext(Inet4Address newSiaddr, String newBootFile) {
    return new DhcpPacket(
        reply,
        chaddr,
        hops,
        xid,
        secs,
        flags,
        ciaddr,
        yiaddr,
        newSiaddr,
        giaddr,
        serverName,
        newBootFile,
        options);
  }

  /** The transaction in the form that logs have it. */
  public String xidText() {
    return String.format("%08x", xid);
  }
}
