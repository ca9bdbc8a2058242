// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import java.net.Inet4Address;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A client and what the service itself remembers of it.
 *
 * @param client as its administrator described it
 * @param lease the address that the DHCP server chose for it, kept for ever; null before its first,
 *     and where the client has an address of its own
 * @param boot its committed boot; null before its first
 * @param chap by what it proves itself; null where it cannot
 * @param units what its logical units remember through power loss, by LUN; opaque here
 */
public record Registration(
    Client client,
    @Nullable Inet4Address lease,
    @Nullable BootRecord boot,
    @Nullable Chap chap,
    Map<Integer, UnitBytes> units) {

  public Registration {
    units = Map.copyOf(units);
  }

  /** A client that was just described. */
  public Registration(Client client) {
    this(client, null, null, null, Map.of());
  }

  /** The address that the client has or will have, if that is known. */
  public @Nullable Inet4Address address() {
    return client.address() != null ? client.address() : lease;
  }

  public Registration withLease(@Nullable Inet4Address newLease) {
    return new Registration(client, newLease, boot, chap, units);
  }

  /** With another record of its boot; see {@link BootRecord#after}. */
  public Registration withBoot(@Nullable BootRecord newBoot) {
    return new Registration(
        client, lease, newBoot == null ? null : newBoot.after(boot), chap, units);
  }

  public Registration withClient(Client newClient) {
    return new Registration(newClient, lease, boot, chap, units);
  }

  public Registration withChap(@Nullable Chap newChap) {
    return new Registration(client, lease, boot, newChap, units);
  }

  /** With other bytes of a unit; none forgets it. */
  public Registration withUnit(int lun, UnitBytes bytes) {
    Map<Integer, UnitBytes> changed = new HashMap<>(units);
    if (bytes.isEmpty()) {
      changed.remove(lun);
    } else {
      changed.put(lun, bytes);
    }
    return new Registration(client, lease, boot, chap, changed);
  }
}
