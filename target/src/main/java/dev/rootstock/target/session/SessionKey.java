// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.Isid;

/**
 * What makes two sessions the same one, so that the second reinstates the first (RFC 7143 §4.4.3,
 * §6.3.5).
 *
 * @param node the target's name; for a discovery session that names none, the portal (§7.4.2.1),
 *     marked so that it is never a target's name
 * @param portalGroup the tag of the portal group that all connections of the session come through
 */
public record SessionKey(String initiatorName, Isid isid, String node, int portalGroup) {

  /**
   * The key of a discovery session that names no target, which only another one through the same
   * portal reinstates.
   */
  public static SessionKey unnamed(
      String initiatorName, Isid isid, String portal, int portalGroup) {
    return new SessionKey(initiatorName, isid, "discovery through " + portal, portalGroup);
  }

  /** Whether the other is the same, or differs in the portal group alone. */
  boolean equalsButForGroup(SessionKey other) {
    return new SessionKey(initiatorName, isid, node, other.portalGroup).equals(other);
  }
}
