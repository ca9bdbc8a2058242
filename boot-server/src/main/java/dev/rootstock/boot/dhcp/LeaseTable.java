// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import java.net.Inet4Address;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The leases that there are and were, one an address and one a holder, and the addresses that are
 * offered. At most {@link Limits#LEASES}: the one that ended first is forgotten first. Not for
 * several threads at once.
 */
final class LeaseTable {
  private static final Comparator<Lease> BY_END =
      Comparator.comparingLong(Lease::ends)
          .thenComparingLong(lease -> AddressRange.number(lease.address()));

  /** An address that somebody was offered and may still take. */
  private record Offer(String holder, long until) {}

  private final LongSupplier seconds;
  private final Map<Inet4Address, Lease> byAddress = new HashMap<>();
  private final Map<String, Lease> byHolder = new HashMap<>();
  private final TreeSet<Lease> byEnd = new TreeSet<>(BY_END);
  // In the order in which they were made. Bounded by OFFERS.
  private final LinkedHashMap<Inet4Address, Offer> offers = new LinkedHashMap<>();
  private final Map<String, Inet4Address> offered = new HashMap<>();

  /**
   * @param seconds the time since 1970
   */
  LeaseTable(LongSupplier seconds) {
    this.seconds = seconds;
  }

  /** The lease that a holder has, or had. */
  Optional<Lease> of(String holder) {
    return Optional.ofNullable(byHolder.get(holder));
  }

  /** The lease that an address is in, or was. */
  Optional<Lease> at(Inet4Address address) {
    return Optional.ofNullable(byAddress.get(address));
  }

  /** What a holder was offered not long ago. */
  Optional<Inet4Address> offeredTo(String holder) {
    Inet4Address address = offered.get(holder);
    if (address == null) {
      return Optional.empty();
    }
    Offer offer = offers.get(address);
    if (offer == null || offer.until() <= seconds.getAsLong()) {
      withdraw(holder);
      return Optional.empty();
    }
    return Optional.of(address);
  }

  /** Whether an address is somebody's, by a lease that runs or by an offer. */
  boolean isHeld(Inet4Address address) {
    return holderOf(address) != null;
  }

  /** Whether it is somebody else's. */
  boolean isHeldByOther(Inet4Address address, String holder) {
    String other = holderOf(address);
    return other != null && !other.equals(holder);
  }

  private @Nullable String holderOf(Inet4Address address) {
    long now = seconds.getAsLong();
    Lease lease = byAddress.get(address);
    if (lease != null && lease.active(now)) {
      return lease.holder();
    }
    Offer offer = offers.get(address);
    return offer != null && offer.until() > now ? offer.holder() : null;
  }

  /** Whether one more lease has room. */
  boolean hasRoom() {
    return byAddress.size() < Limits.LEASES || !byEnd.first().active(seconds.getAsLong());
  }

  /** Offers an address; the oldest offer goes where there are too many, as in a flood. */
  void offer(String holder, Inet4Address address) {
    withdraw(holder);
    Offer older = offers.remove(address);
    if (older != null) {
      offered.remove(older.holder());
    }
    if (offers.size() >= Limits.OFFERS) {
      withdraw(offers.firstEntry().getValue().holder());
    }
    offers.put(address, new Offer(holder, seconds.getAsLong() + Limits.OFFER_SECONDS));
    offered.put(holder, address);
  }

  /** Takes back what a holder was offered. */
  void withdraw(String holder) {
    Inet4Address address = offered.remove(holder);
    if (address != null) {
      offers.remove(address);
    }
  }

  /** Makes a lease, or changes its end; an older one of its address or of its holder is gone. */
  void put(Lease lease) {
    withdraw(lease.holder());
    forget(byAddress.get(lease.address()));
    forget(byHolder.get(lease.holder()));
    if (byAddress.size() >= Limits.LEASES) {
      forget(byEnd.first());
    }
    byAddress.put(lease.address(), lease);
    byHolder.put(lease.holder(), lease);
    byEnd.add(lease);
  }

  private void forget(@Nullable Lease lease) {
    if (lease != null) {
      byAddress.remove(lease.address());
      byHolder.remove(lease.holder());
      byEnd.remove(lease);
    }
  }

  /** The usable address whose lease ended longest ago. */
  Optional<Inet4Address> longestEnded(Predicate<Inet4Address> usable) {
    long now = seconds.getAsLong();
    for (Lease lease : byEnd) {
      if (lease.active(now)) {
        return Optional.empty();
      }
      if (!isHeld(lease.address()) && usable.test(lease.address())) {
        return Optional.of(lease.address());
      }
    }
    return Optional.empty();
  }

  /** All leases, those that ended first in front. */
  List<Lease> all() {
    return List.copyOf(byEnd);
  }

  int offers() {
    return offers.size();
  }
}
