// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Option 83 (RFC 4174): where the iSNS servers are, at iSNS's own port, and what they do.
 *
 * @param functions the bits of §2.1
 * @param domainAccess who may change discovery domains: the bits of §2.2
 * @param administration the bits of §2.3; with {@link #HEARTBEAT} the first address is the group
 *     that heartbeats go to
 * @param security the bits of §2.4
 * @param addresses the primary server first; at least one, and two with a heartbeat
 */
public record IsnsServers(
    int functions,
    int domainAccess,
    int administration,
    int security,
    List<Inet4Address> addresses) {

  /** In each of the bit fields: the others are to be believed. */
  public static final int ENABLED = 1;

  /** Of the functions: who shares a discovery domain may use each other. */
  public static final int DOMAINS_AUTHORIZE = 2;

  /** Of the administrative flags. */
  public static final int HEARTBEAT = 2;

  private static final int FIXED = 10;
  private static final int ADDRESS = 4;

  public IsnsServers {
    addresses = List.copyOf(addresses);
    if (addresses.size() < least(administration)) {
      throw new IllegalArgumentException("no address of an iSNS server");
    }
  }

  /**
   * One server whose discovery domains nobody may change, which show who may use what, and which
   * asks for no IPsec.
   */
  public static IsnsServers of(Inet4Address server) {
    return new IsnsServers(ENABLED | DOMAINS_AUTHORIZE, ENABLED, ENABLED, 0, List.of(server));
  }

  private static int least(int administration) {
    int heartbeat = ENABLED | HEARTBEAT;
    return (administration & heartbeat) == heartbeat ? 2 : 1;
  }

  static IsnsServers decode(byte[] option) throws MalformedDhcpException {
    int count = (option.length - FIXED) / ADDRESS;
    if (count < 1 || option.length != FIXED + count * ADDRESS) {
      throw new MalformedDhcpException(
          "iSNS servers in " + option.length + " bytes: 10 and 4 for each are needed");
    }
    ByteBuffer in = ByteBuffer.wrap(option);
    int functions = in.getShort() & 0xFFFF;
    int domainAccess = in.getShort() & 0xFFFF;
    int administration = in.getShort() & 0xFFFF;
    int security = in.getInt();
    if (count < least(administration)) {
      throw new MalformedDhcpException("an iSNS heartbeat without a server");
    }
    return new IsnsServers(functions, domainAccess, administration, security, addresses(in));
  }

  /** The addresses that the rest of an option is. */
  static List<Inet4Address> addresses(ByteBuffer in) {
    List<Inet4Address> addresses = new ArrayList<>();
    while (in.remaining() >= ADDRESS) {
      byte[] bytes = new byte[ADDRESS];
      in.get(bytes);
      try {
        addresses.add((Inet4Address) InetAddress.getByAddress(bytes));
      } catch (UnknownHostException e) {
        throw new IllegalStateException("4 bytes are an address", e);
      }
    }
    return addresses;
  }

  byte[] encode() {
    ByteBuffer out = ByteBuffer.allocate(FIXED + addresses.size() * ADDRESS);
    out.putShort((short) functions).putShort((short) domainAccess);
    out.putShort((short) administration).putInt(security);
    addresses.forEach(each -> out.put(each.getAddress()));
    return out.array();
  }
}
