// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.net.Inet4Address;
import java.util.List;
import java.util.Set;

/** Says which targets may be revealed to whom. Called on the agent's thread: must not block. */
public interface SlpTargets {

  /**
   * The names that a request holds in full, in lower case. Whoever knows one may hear of what
   * belongs to it.
   *
   * @param targets names of targets
   * @param initiators names of initiators
   */
  record Named(Set<String> targets, Set<String> initiators) {
    /** No name at all. */
    public static final Named NONE = new Named(Set.of(), Set.of());

    public Named {
      targets = Set.copyOf(targets);
      initiators = Set.copyOf(initiators);
    }
  }

  /**
   * The targets that a machine may learn of. An address in a UDP packet is easily forged.
   *
   * @param source a machine on a network that is served
   */
  List<SlpTarget> visibleTo(Inet4Address source, Named named);

  /** The targets that everybody may learn of: a directory agent tells all alike. */
  List<SlpTarget> toldToEverybody();

  /** Whether a target's name is one of this installation's, which nobody else may advertise. */
  boolean owns(String targetName);
}
