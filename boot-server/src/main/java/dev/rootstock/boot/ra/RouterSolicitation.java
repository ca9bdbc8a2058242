// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.ra;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * A Router Solicitation (RFC 4861 §4.1).
 *
 * @param source who asks, 16 bytes
 * @param fromNobody whether they are all zero: the sender has no address yet, and can be answered
 *     by multicast only
 */
record RouterSolicitation(ByteBuffer source, boolean fromNobody) {
  private static final int TYPE = 133;
  private static final int HOP_LIMIT = 255;
  private static final int VERSION = 6;
  private static final int SHORTEST = 8;
  private static final int SOURCE_LINK_ADDRESS = 1;
  private static final int OPTION_UNIT = 8;

  /**
   * Reads an IPv6 packet.
   *
   * @return empty for all that is no valid solicitation (RFC 4861 §6.1.1), which is to be ignored
   */
  static Optional<RouterSolicitation> parse(ByteBuffer packet) {
    int start = packet.position();
    if (packet.remaining() < Icmpv6.HEADER + SHORTEST
        || (packet.get(start) & 0xF0) >>> 4 != VERSION
        || (packet.get(start + Icmpv6.NEXT_HEADER_AT) & 0xFF) != Icmpv6.NEXT_HEADER
        || (packet.get(start + Icmpv6.HOP_LIMIT_AT) & 0xFF) != HOP_LIMIT) {
      return Optional.empty();
    }
    int length = packet.getShort(start + Icmpv6.LENGTH_AT) & 0xFFFF;
    if (length < SHORTEST || length > packet.remaining() - Icmpv6.HEADER) {
      return Optional.empty();
    }
    ByteBuffer message = packet.slice(start + Icmpv6.HEADER, length);
    byte[] source = new byte[Icmpv6.ADDRESS];
    byte[] destination = new byte[Icmpv6.ADDRESS];
    packet.get(start + Icmpv6.SOURCE_AT, source);
    packet.get(start + Icmpv6.DESTINATION_AT, destination);
    boolean nobody = Arrays.equals(source, new byte[Icmpv6.ADDRESS]);
    boolean valid =
        (message.get(0) & 0xFF) == TYPE
            && message.get(1) == 0
            && (source[0] & 0xFF) != 0xFF
            && Icmpv6.checksum(source, destination, message) == 0
            && hasGoodOptions(message, nobody);
    return valid
        ? Optional.of(new RouterSolicitation(ByteBuffer.wrap(source), nobody))
        : Optional.empty();
  }

  /** RFC 4861 §4.6: lengths in units of eight bytes, none of them zero. */
  private static boolean hasGoodOptions(ByteBuffer message, boolean fromNobody) {
    int at = SHORTEST;
    while (at < message.limit()) {
      int length = at + 1 < message.limit() ? (message.get(at + 1) & 0xFF) * OPTION_UNIT : 0;
      if (length == 0 || at + length > message.limit()) {
        return false;
      }
      if (fromNobody && (message.get(at) & 0xFF) == SOURCE_LINK_ADDRESS) {
        return false;
      }
      at += length;
    }
    return true;
  }
}
