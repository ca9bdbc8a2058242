// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.ra;

import java.nio.ByteBuffer;

/** Where the fields of the IPv6 header stand (RFC 8200 §3), and ICMPv6's checksum. */
final class Icmpv6 {
  static final int HEADER = 40;
  static final int ADDRESS = 16;
  static final int LENGTH_AT = 4;
  static final int NEXT_HEADER_AT = 6;
  static final int HOP_LIMIT_AT = 7;
  static final int SOURCE_AT = 8;
  static final int DESTINATION_AT = 24;
  static final int NEXT_HEADER = 58;

  private Icmpv6() {}

  /**
   * RFC 4443 §2.3: over the pseudo-header of RFC 8200 §8.1 and the message. Zero for a received
   * message that is whole; for one to send, with zero in its place, what belongs there.
   */
  static int checksum(byte[] source, byte[] destination, ByteBuffer message) {
    long sum = (long) message.limit() + NEXT_HEADER;
    sum += sum(ByteBuffer.wrap(source)) + sum(ByteBuffer.wrap(destination)) + sum(message);
    while (sum >>> 16 != 0) {
      sum = (sum & 0xFFFF) + (sum >>> 16);
    }
    return (int) ~sum & 0xFFFF;
  }

  private static long sum(ByteBuffer bytes) {
    long sum = 0;
    int even = bytes.limit() & ~1;
    for (int at = 0; at < even; at += 2) {
      sum += bytes.getShort(at) & 0xFFFF;
    }
    return even == bytes.limit() ? sum : sum + ((bytes.get(even) & 0xFF) << 8);
  }
}
