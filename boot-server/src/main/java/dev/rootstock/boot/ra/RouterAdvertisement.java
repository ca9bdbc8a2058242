// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.ra;

import java.nio.ByteBuffer;

/**
 * The Router Advertisement that we send (RFC 4861 §4.2): no prefix, no DHCPv6, and a router
 * lifetime of 0, so that nobody makes us a default router. Hop limit and timers are 0, which means
 * that we say nothing of them. What it does say is that no more is to be waited for.
 */
final class RouterAdvertisement {
  private static final int TYPE = 134;
  private static final int LENGTH = 24;
  private static final int SOURCE_LINK_ADDRESS = 1;

  /** ff02::1, all nodes of the link. */
  private static final byte[] ALL_NODES = {
    (byte) 0xFF, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
  };

  private RouterAdvertisement() {}

  static byte[] allNodes() {
    return ALL_NODES.clone();
  }

  /**
   * An IPv6 packet.
   *
   * @param mac our address on the link, from which the sender's link-local one is made (RFC 4291,
   *     appendix A), whether the kernel has given the interface one or not
   * @param destination 16 bytes
   */
  static byte[] packet(byte[] mac, byte[] destination) {
    byte[] source = linkLocal(mac);
    ByteBuffer message = ByteBuffer.allocate(LENGTH);
    message.put((byte) TYPE);
    message.position(16); // code, checksum, hop limit, flags, lifetime and timers are zero
    message.put((byte) SOURCE_LINK_ADDRESS).put((byte) 1).put(mac).rewind();
    message.putShort(2, (short) Icmpv6.checksum(source, destination, message));
    return ByteBuffer.allocate(Icmpv6.HEADER + LENGTH)
        .putInt(0x6000_0000)
        .putShort((short) LENGTH)
        .put((byte) Icmpv6.NEXT_HEADER)
        .put((byte) 255)
        .put(source)
        .put(destination)
        .put(message)
        .array();
  }

  private static byte[] linkLocal(byte[] mac) {
    return new byte[] {
      (byte) 0xFE,
      (byte) 0x80,
      0,
      0,
      0,
      0,
      0,
      0,
      (byte) (mac[0] ^ 2),
      mac[1],
      mac[2],
      (byte) 0xFF,
      (byte) 0xFE,
      mac[3],
      mac[4],
      mac[5]
    };
  }
}
