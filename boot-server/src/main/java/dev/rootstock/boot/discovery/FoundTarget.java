// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.discovery;

import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.ServerName;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A target that was found, and where.
 *
 * @param portals at least one, in the order in which they were heard of
 */
public record FoundTarget(IscsiName name, List<Portal> portals) {

  /**
   * An address of a target.
   *
   * @param port 1 to 65535
   * @param group the portal group tag, where the answer says it
   */
  public record Portal(ServerName host, int port, OptionalInt group) {
    /** As RFC 7143 §13.9 writes it: {@code ADDRESS:PORT,GROUP}. */
    @Override
    public String toString() {
      return host + ":" + port + (group.isPresent() ? "," + group.getAsInt() : "");
    }
  }

  public FoundTarget {
    portals = List.copyOf(portals);
  }

  /** Puts the portals of each target together. */
  static List<FoundTarget> grouped(List<Map.Entry<IscsiName, Portal>> found) {
    Map<IscsiName, Set<Portal>> byName = new LinkedHashMap<>();
    found.forEach(
        each ->
            byName.computeIfAbsent(each.getKey(), _ -> new LinkedHashSet<>()).add(each.getValue()));
    return byName.entrySet().stream()
        .map(each -> new FoundTarget(each.getKey(), List.copyOf(each.getValue())))
        .toList();
  }
}
