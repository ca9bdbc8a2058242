// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Option 78 (RFC 2610 §3): SLP's directory agents.
 *
 * @param mandatory whether no others may be looked for
 * @param addresses at least one, in the order in which they are preferred
 */
public record SlpDirectoryAgents(boolean mandatory, List<Inet4Address> addresses) {
  private static final int ADDRESS = 4;

  public SlpDirectoryAgents {
    addresses = List.copyOf(addresses);
    if (addresses.isEmpty()) {
      throw new IllegalArgumentException("no address of a directory agent");
    }
  }

  static SlpDirectoryAgents decode(byte[] option) throws MalformedDhcpException {
    if (option.length < 1 + ADDRESS || (option.length - 1) % ADDRESS != 0) {
      throw new MalformedDhcpException(
          "directory agents in " + option.length + " bytes: 1 and 4 for each are needed");
    }
    ByteBuffer in = ByteBuffer.wrap(option);
    return new SlpDirectoryAgents(in.get() == 1, IsnsServers.addresses(in));
  }

  byte[] encode() {
    ByteBuffer out = ByteBuffer.allocate(1 + addresses.size() * ADDRESS);
    out.put((byte) (mandatory ? 1 : 0));
    addresses.forEach(each -> out.put(each.getAddress()));
    return out.array();
  }
}
