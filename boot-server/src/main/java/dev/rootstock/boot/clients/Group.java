// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

/**
 * Clients that have something in common.
 *
 * @param name unique among groups
 * @param settings what holds for those of its clients that say nothing themselves
 */
public record Group(GroupName name, Settings settings) {
  /** The same group with other settings. */
  public Group with(Settings newSettings) {
    return new Group(name, newSettings);
  }
}
