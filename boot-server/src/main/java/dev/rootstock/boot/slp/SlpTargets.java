// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.net.Inet4Address;
import java.util.List;

/** Says which targets may be revealed to whom. */
@FunctionalInterface
public interface SlpTargets {

  /**
   * The targets that a machine may learn of. An address in a UDP packet is easily forged. Called on
   * the agent's thread: must not block.
   *
   * @param source a machine on a network that is served
   */
  List<SlpTarget> visibleTo(Inet4Address source);
}
