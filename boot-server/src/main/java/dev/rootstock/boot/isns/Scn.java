// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** State change notifications (RFC 4171 §5.6.5.8) and their bits (§6.4.4). */
final class Scn {
  static final int INITIATOR_AND_SELF_ONLY = 0x80;
  static final int TARGET_AND_SELF_ONLY = 0x40;
  static final int MANAGEMENT = 0x20;
  static final int REMOVED = 0x10;
  static final int ADDED = 0x08;

  private Scn() {}

  /** Whether a node with that bitmap wants to hear of an event of a target. */
  static boolean wantsTargets(int bitmap, int event) {
    boolean only = (bitmap & INITIATOR_AND_SELF_ONLY) != 0;
    return (bitmap & event) != 0 && (!only || (bitmap & TARGET_AND_SELF_ONLY) != 0);
  }

  /**
   * A notification.
   *
   * @param seconds since 1970
   */
  static IsnsMessage message(
      int transaction,
      String node,
      long seconds,
      Collection<String> added,
      Collection<String> removed) {
    List<IsnsAttribute> attributes = new ArrayList<>();
    attributes.add(IsnsAttribute.of(Tag.NODE_NAME, node));
    attributes.add(IsnsAttribute.of(Tag.TIMESTAMP, seconds));
    add(attributes, ADDED, added);
    add(attributes, REMOVED, removed);
    return IsnsMessage.request(
        IsnsFunction.STATE_CHANGE, IsnsMessage.FROM_SERVER, transaction, attributes);
  }

  private static void add(List<IsnsAttribute> attributes, int event, Collection<String> names) {
    for (String name : names.stream().limit(Limits.NOTIFIED).toList()) {
      attributes.add(IsnsAttribute.of(Tag.NODE_SCN_BITMAP, event));
      attributes.add(IsnsAttribute.of(Tag.NODE_NAME, name));
    }
  }
}
