// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Random;

/** Random addresses for tests. */
final class RandomAddress {
  private RandomAddress() {}

  /** An IPv4 or IPv6 address as people write it. */
  static String text(Random random) throws UnknownHostException {
    byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
    random.nextBytes(bytes);
    return InetAddress.getByAddress(bytes).getHostAddress();
  }

  /** A mask that leaves some groups of 16 bits. */
  static long groups(Random random) {
    long mask = 0;
    for (int shift = 0; shift < 64; shift += 16) {
      mask |= random.nextBoolean() ? 0xFFFFL << shift : 0;
    }
    return mask;
  }
}
