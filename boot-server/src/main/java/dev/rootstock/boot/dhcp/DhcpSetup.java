// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What the DHCP server is to do.
 *
 * @param subnets at least one on a link of ours, each of an interface of its own
 * @param programs what machines load
 * @param proxy whether another server gives the addresses, and we only say what to boot
 * @param strangers how machines that are no clients are served; empty for not at all
 * @param conflictCheck whether to look if another machine has an address before it is offered
 * @param pathsBySubnet whether root paths name our address on the client's own network
 */
public record DhcpSetup(
    List<DhcpSubnet> subnets,
    BootPrograms programs,
    boolean proxy,
    Optional<Strangers> strangers,
    boolean conflictCheck,
    boolean pathsBySubnet) {

  /**
   * How machines that are no clients are served.
   *
   * @param leases the folder that their leases are kept in, of which this process has the lock
   * @param lease how long one has its address, at least a second
   */
  public record Strangers(Path leases, Duration lease) {}

  public DhcpSetup {
    subnets = List.copyOf(subnets);
  }

  /** For clients only, and without a look at the network. */
  public DhcpSetup(List<DhcpSubnet> subnets, BootPrograms programs, boolean proxy) {
    this(subnets, programs, proxy, Optional.empty(), false, false);
  }
}
