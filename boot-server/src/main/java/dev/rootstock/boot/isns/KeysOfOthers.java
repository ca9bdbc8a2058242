// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import java.net.InetAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/** What the objects of others are known by, collected once for the many keys of one request. */
final class KeysOfOthers {
  private final Set<List<IsnsAttribute>> keys = new HashSet<>();

  /**
   * @param sender whose own entities are left out
   */
  KeysOfOthers(Stream<RegisteredEntity> entities, InetAddress sender) {
    entities.filter(each -> !each.owner.equals(sender)).forEach(this::add);
  }

  private void add(RegisteredEntity entity) {
    keys.add(List.of(normal(entity.id())));
    for (IsnsObject portal : entity.portals()) {
      keys.add(portal.keys());
      keys.add(List.of(portal.value(Tag.PORTAL_INDEX)));
    }
    for (IsnsObject node : entity.nodes()) {
      keys.add(List.of(normal(node.value(Tag.NODE_NAME))));
      keys.add(List.of(node.value(Tag.NODE_INDEX)));
    }
  }

  /** Whether an object of somebody else has that name, index, or address and port. */
  boolean has(List<IsnsAttribute> wanted) {
    return keys.contains(wanted.stream().map(KeysOfOthers::normal).toList());
  }

  private static IsnsAttribute normal(IsnsAttribute key) {
    return Tag.of(key.tag())
        .filter(tag -> tag.form() == Tag.Form.TEXT)
        .map(tag -> IsnsAttribute.of(tag, key.text().toLowerCase(Locale.ROOT)))
        .orElse(key);
  }
}
