// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import java.net.InetSocketAddress;

/**
 * A network portal of the target (RFC 7143 §4.2.1).
 *
 * @param address what it listens on, of IPv4 or IPv6; port 0 takes any that is free
 * @param group the tag of its portal group, 1 to 65535 (§13.9). A session has all its connections
 *     in one group. The tag 0, which iSCSI knows, names no SCSI target port, and so is not taken.
 */
public record Portal(InetSocketAddress address, int group) {

  /** The group of portals that are configured without one. */
  public static final int DEFAULT_GROUP = 1;

  public Portal {
    if (group < 1 || group > 0xFFFF) {
      throw new IllegalArgumentException("portal group tag " + group);
    }
  }

  /** A portal of {@link #DEFAULT_GROUP}. */
  public Portal(InetSocketAddress address) {
    this(address, DEFAULT_GROUP);
  }
}
