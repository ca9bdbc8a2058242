// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import java.net.Inet4Address;
import java.util.concurrent.CompletionStage;

/** What the DHCP server asks of the clients' registry. Its one thread calls; nothing may block. */
public interface DhcpClients {

  /** Who a machine is by all that it tells of itself: {@code clients.Recognition} has the rule. */
  Recognised recognise(MachineKeys keys);

  /** Whether any client has this address, configured or remembered. */
  boolean isTaken(Inet4Address address);

  /**
   * Makes an address a client's own, in place of one remembered before, for ever.
   *
   * @param client as it was when the address was chosen
   * @return completes when that is durable and {@link #recognise} tells it; fails when the client
   *     is gone or no longer what it was, when the address has become another's, or when it cannot
   *     be written
   */
  CompletionStage<?> remember(DhcpClient client, Inet4Address address);
}
