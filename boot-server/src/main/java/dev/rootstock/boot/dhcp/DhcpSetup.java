// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import java.util.List;

/**
 * What the DHCP server is to do.
 *
 * @param subnets at least one, each of an interface of its own
 * @param programs what machines load
 * @param proxy whether another server gives the addresses, and we only say what to boot
 */
public record DhcpSetup(List<DhcpSubnet> subnets, BootPrograms programs, boolean proxy) {
  public DhcpSetup {
    subnets = List.copyOf(subnets);
  }
}
