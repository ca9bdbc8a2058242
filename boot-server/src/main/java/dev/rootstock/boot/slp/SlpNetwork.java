// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.net.Inet4Address;
import java.nio.ByteBuffer;

/**
 * An interface that the agent listens on.
 *
 * @param interfaceName as the kernel knows it
 * @param address ours on it
 * @param prefixLength of its network, 1 to 32
 */
public record SlpNetwork(String interfaceName, Inet4Address address, int prefixLength) {
  private static final int LONGEST_WITH_BROADCAST = 30;

  public SlpNetwork {
    if (prefixLength < 1 || prefixLength > 32) {
      throw new IllegalArgumentException("a network of /" + prefixLength);
    }
  }

  /**
   * Whether an address is a machine's on this network, so that no router lies between. Its
   * broadcast address is none: an answer to that would go to everybody.
   */
  boolean isOnLink(Inet4Address other) {
    int mask = -1 << (32 - prefixLength);
    int host = number(other) & ~mask;
    return (number(other) & mask) == (number(address) & mask)
        && (prefixLength > LONGEST_WITH_BROADCAST || (host != 0 && host != ~mask));
  }

  private static int number(Inet4Address address) {
    return ByteBuffer.wrap(address.getAddress()).getInt();
  }
}
