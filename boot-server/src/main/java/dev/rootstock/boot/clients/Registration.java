// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import java.net.Inet4Address;
import org.jspecify.annotations.Nullable;

/**
 * A client and what the service itself remembers of it.
 *
 * @param client as its administrator described it
 * @param lease the address that the DHCP server chose for it, kept for ever; null before its first,
 *     and where the client has an address of its own
 * @param boot its committed boot; null before its first
 */
public record Registration(Client client, @Nullable Inet4Address lease, @Nullable BootRecord boot) {

  /** The address that the client has or will have, if that is known. */
  public @Nullable Inet4Address address() {
    return client.address() != null ? client.address() : lease;
  }

  public Registration withLease(@Nullable Inet4Address newLease) {
    return new Registration(client, newLease, boot);
  }

  public Registration withBoot(@Nullable BootRecord newBoot) {
    return new Registration(client, lease, newBoot);
  }

  public Registration withClient(Client newClient) {
    return new Registration(newClient, lease, boot);
  }
}
