// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.boot.net.Bounded;
import java.net.Inet4Address;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds an address for a client that has none: free in the registry, not on its way to another
 * client, and not found in use by somebody (RFC 2131 §4.3.1, §4.3.3). Not for several threads at
 * once.
 */
final class AddressPool {
  private static final long NANOS_A_SECOND = 1_000_000_000L;

  /** An address that the registry is making a client's own. */
  record Binding(Inet4Address address, CompletableFuture<?> durable) {}

  private final DhcpClients clients;
  private final LongSupplier nanoTime;
  private final Bounded<Inet4Address, Long> quarantine = new Bounded<>(Limits.QUARANTINED);
  // When a range was last found full.
  private final Bounded<AddressRange, Long> full = new Bounded<>(Limits.RANGES);
  // Bounded by PENDING_ADDRESSES, which is checked before an entry is made.
  private final Map<String, Binding> pending = new HashMap<>();
  private int next;

  AddressPool(DhcpClients clients, LongSupplier nanoTime) {
    this.clients = clients;
    this.nanoTime = nanoTime;
  }

  /** Keeps an address from everybody for a while. */
  void quarantine(Inet4Address address) {
    quarantine.put(address, nanoTime.getAsLong());
  }

  boolean isQuarantined(Inet4Address address) {
    Long since = quarantine.get(address);
    if (since == null) {
      return false;
    }
    if (nanoTime.getAsLong() - since < Limits.QUARANTINE_SECONDS * NANOS_A_SECOND) {
      return true;
    }
    quarantine.remove(address);
    return false;
  }

  /**
   * An address that becomes the client's own; the same one while an earlier request for it is still
   * on its way. Empty where there is none to give.
   *
   * @param wanted what the client would like to have
   */
  Optional<Binding> bind(DhcpClient client, DhcpSubnet subnet, Optional<Inet4Address> wanted) {
    Binding underWay = pending.get(client.name());
    if (underWay != null) {
      return Optional.of(underWay);
    }
    if (subnet.range().isEmpty() || pending.size() >= Limits.PENDING_ADDRESSES) {
      return Optional.empty();
    }
    AddressRange range = subnet.range().get();
    Inet4Address address =
        wanted
            .filter(range::contains)
            .filter(each -> isFree(each, subnet))
            .orElseGet(() -> search(range, subnet));
    if (address == null) {
      return Optional.empty();
    }
    Binding binding = new Binding(address, clients.remember(client, address).toCompletableFuture());
    pending.put(client.name(), binding);
    return Optional.of(binding);
  }

  /** Whether an address was on its way to the client when {@link #forgetDurable} was called. */
  boolean isPending(String client) {
    return pending.containsKey(client);
  }

  /**
   * Forgets the requests that have come to their end. To be called before a client is looked up: a
   * request that ends in between is then still known here, and no second address is given.
   */
  void forgetDurable() {
    pending.values().removeIf(binding -> binding.durable().isDone());
  }

  private @Nullable Inet4Address search(AddressRange range, DhcpSubnet subnet) {
    Long since = full.get(range);
    if (since != null && nanoTime.getAsLong() - since < NANOS_A_SECOND) {
      return null; // a walk over a full range is long, and clients ask often
    }
    // From where the last search ended, so that filling a range costs one walk over it and not
    // many.
    for (int tried = 0; tried < range.size(); tried++) {
      Inet4Address address = range.at((next + tried) % range.size());
      if (isFree(address, subnet)) {
        next = (next + tried + 1) % range.size();
        return address;
      }
    }
    full.put(range, nanoTime.getAsLong());
    return null;
  }

  private boolean isFree(Inet4Address address, DhcpSubnet subnet) {
    return !subnet.isReserved(address)
        && !isQuarantined(address)
        && !clients.isTaken(address)
        && pending.values().stream().noneMatch(binding -> binding.address().equals(address));
  }
}
