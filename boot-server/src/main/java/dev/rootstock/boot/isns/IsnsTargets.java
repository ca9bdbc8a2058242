// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import dev.rootstock.dhcp.IscsiName;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;

/** Says which targets may be revealed to whom. Called on the server's thread: must not block. */
public interface IsnsTargets {

  /**
   * A target.
   *
   * @param alias for people: what it is the disk of
   */
  record Target(IscsiName name, String alias) {}

  /**
   * The targets that an initiator may learn of.
   *
   * @param initiator the name it gives itself, in lower case
   * @param address where it is
   * @param named targets that its request names in full, in lower case
   */
  List<Target> visibleTo(String initiator, InetAddress address, Set<String> named);

  /** Whether a name is one of our targets', which nobody else may register. */
  boolean owns(String name);
}
