// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

/**
 * What the configuration says about boots.
 *
 * @param takeover whether a new boot gets the disk although an older one lives
 * @param ownDhcp whether our DHCP server gives machines their addresses, so that a login has to
 *     come from the address of its client
 * @param chap who has to prove what
 */
public record BootPolicy(boolean takeover, boolean ownDhcp, ChapRules chap) {

  /** With CHAP for the clients that have a secret. */
  public BootPolicy(boolean takeover, boolean ownDhcp) {
    this(takeover, ownDhcp, ChapRules.PER_CLIENT);
  }
}
