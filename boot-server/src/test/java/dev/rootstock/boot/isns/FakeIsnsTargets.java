// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import dev.rootstock.dhcp.IscsiName;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Targets without a registry: each with the one initiator that may log in, or "any". */
final class FakeIsnsTargets implements IsnsTargets {
  private final Map<String, String> targets;

  FakeIsnsTargets() {
    this(new LinkedHashMap<>());
  }

  /**
   * @param targets which the test may change meanwhile
   */
  FakeIsnsTargets(Map<String, String> targets) {
    this.targets = targets;
  }

  FakeIsnsTargets add(String target, String initiator) {
    targets.put(target, initiator);
    return this;
  }

  void remove(String target) {
    targets.remove(target);
  }

  @Override
  public List<Target> visibleTo(String initiator, InetAddress address, Set<String> named) {
    return targets.entrySet().stream()
        .filter(
            each ->
                Stream.of(initiator, "any").anyMatch(each.getValue()::equals)
                    || named.contains(each.getKey()))
        .map(
            each ->
                new Target(
                    new IscsiName(each.getKey()),
                    each.getKey().substring(each.getKey().lastIndexOf(':') + 1)))
        .toList();
  }

  @Override
  public boolean owns(String name) {
    return name.startsWith("iqn.2026-11.dev.rootstock:test:");
  }
}
