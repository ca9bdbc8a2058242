// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.Isid;

/**
 * What makes two sessions the same one, so that the second reinstates the first (RFC 7143 §4.4.3,
 * §6.3.5). There is one portal group, which is why it has no field here.
 *
 * @param node the target's name; for a discovery session the portal (§7.4.2.1), marked so that it
 *     is never a target's name
 */
public record SessionKey(String initiatorName, Isid isid, String node) {

  /** The key of a discovery session, which only another one through the same portal reinstates. */
  public static SessionKey discovery(String initiatorName, Isid isid, String portal) {
    return new SessionKey(initiatorName, isid, "discovery through " + portal);
  }
}
