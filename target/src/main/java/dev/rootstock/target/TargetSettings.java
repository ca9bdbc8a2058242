// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/**
 * How a target listens.
 *
 * @param listen addresses of IPv4 or IPv6, each of them a portal of the same portal group; port 0
 *     takes any that is free
 * @param loginTimeout how long a connection may take from its opening to the full feature phase,
 *     the answer of {@link Admission} included
 * @param eventLoops the number of threads that serve connections, at least 1
 * @param portalGroupTag the tag of that group, 0 to 65535 (RFC 7143 §13.9); servers of the same
 *     targets have different ones
 */
public record TargetSettings(
    List<InetSocketAddress> listen, Duration loginTimeout, int eventLoops, int portalGroupTag) {
  private static final int PORTAL_GROUP_TAG = 1;

  public TargetSettings {
    listen = List.copyOf(listen);
    if (listen.isEmpty()) {
      throw new IllegalArgumentException("no address to listen on");
    }
    if (eventLoops < 1) {
      throw new IllegalArgumentException(eventLoops + " event loops");
    }
    if (portalGroupTag < 0 || portalGroupTag > 0xFFFF) {
      throw new IllegalArgumentException("portal group tag " + portalGroupTag);
    }
  }

  /**
   * As many event loops as there are processors, a login time-out of 30 seconds, and portal group
   * 1.
   */
  public static TargetSettings listeningOn(InetSocketAddress... listen) {
    return new TargetSettings(
        List.of(listen),
        Duration.ofSeconds(30),
        Runtime.getRuntime().availableProcessors(),
        PORTAL_GROUP_TAG);
  }

  /** The same with another login time-out. */
  public TargetSettings withLoginTimeout(Duration timeout) {
    return new TargetSettings(listen, timeout, eventLoops, portalGroupTag);
  }

  /** The same with another number of event loops. */
  public TargetSettings withEventLoops(int loops) {
    return new TargetSettings(listen, loginTimeout, loops, portalGroupTag);
  }

  /** The same with another portal group. */
  public TargetSettings withPortalGroupTag(int tag) {
    return new TargetSettings(listen, loginTimeout, eventLoops, tag);
  }
}
