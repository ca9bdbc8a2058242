// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.boot.net.Bounded;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.HardwareAddress;
import dev.rootstock.dhcp.MalformedDhcpException;
import java.net.Inet4Address;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds an address for a machine that has none: free in the registry and among the leases, not on
 * its way to another client, and not found in use by somebody (RFC 2131 §4.3.1, §4.3.3). Not for
 * several threads at once.
 */
final class AddressPool {
  private static final long NANOS_A_SECOND = 1_000_000_000L;

  /**
   * An address that the registry is making a client's own.
   *
   * @param clear completes once it may be offered: nobody else answers there
   * @param durable completes once it may be acknowledged
   */
  record Binding(
      Inet4Address address,
      HardwareAddress card,
      CompletableFuture<?> clear,
      CompletableFuture<?> durable) {
    /** In one line, for an address that was offered and is nobody's now. */
    Optional<String> failure() {
      return durable.isCompletedExceptionally() && !clear.isCompletedExceptionally()
          ? Optional.of(failure(address, card, durable.exceptionNow()))
          : Optional.empty();
    }

    static String failure(Inet4Address address, HardwareAddress card, Throwable why) {
      return address.getHostAddress()
          + " cannot become the address of "
          + card
          + ": "
          + why.getMessage();
    }
  }

  private final DhcpClients clients;
  private final LeaseTable leases;
  private final ConflictCheck conflicts;
  private final LongSupplier nanoTime;
  private final Bounded<Inet4Address, Long> quarantine = new Bounded<>(Limits.QUARANTINED);
  // When a range was last found full, and when without an address that nobody ever had.
  private final Bounded<AddressRange, Long> full = new Bounded<>(Limits.RANGES);
  private final Bounded<AddressRange, Long> worn = new Bounded<>(Limits.RANGES);
  // Bounded by PENDING_ADDRESSES, which is checked before an entry is made.
  private final Map<String, Binding> pending = new HashMap<>();
  // Where the last search of a range ended.
  private final Bounded<AddressRange, Integer> next = new Bounded<>(Limits.RANGES);

  /**
   * @param leases strangers', empty where none are given
   */
  AddressPool(
      DhcpClients clients, LeaseTable leases, ConflictCheck conflicts, LongSupplier nanoTime) {
    this.clients = clients;
    this.leases = leases;
    this.conflicts = conflicts;
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
   * <p>A machine that was a stranger until now keeps the address of its lease; else it gets the one
   * that it asks for, or one that is free.
   */
  Optional<Binding> bind(DhcpClient client, DhcpSubnet subnet, DhcpPacket packet)
      throws MalformedDhcpException {
    Binding underWay = pending.get(client.name());
    if (underWay != null) {
      return Optional.of(underWay);
    }
    if (pending.size() >= Limits.PENDING_ADDRESSES) {
      return Optional.empty();
    }
    String holder = Lease.holder(packet, subnet);
    Optional<Inet4Address> wanted = packet.options().get(DhcpOption.REQUESTED_ADDRESS);
    Optional<Inet4Address> address =
        leases
            .of(holder)
            .map(Lease::address)
            .filter(each -> isFor(each, subnet, holder))
            .or(() -> wanted.filter(each -> inRange(each, subnet) && isFree(each, subnet)))
            .or(() -> unused(subnet));
    if (address.isEmpty()) {
      return Optional.empty();
    }
    Inet4Address found = address.get();
    CompletableFuture<?> clear = clear(subnet, found, packet.chaddr());
    CompletableFuture<?> durable =
        clear.isDone() && !clear.isCompletedExceptionally()
            ? clients.remember(client, found).toCompletableFuture()
            : clear.thenCompose(_ -> clients.remember(client, found));
    Binding binding = new Binding(found, packet.chaddr(), clear, durable);
    pending.put(client.name(), binding);
    return Optional.of(binding);
  }

  /** What was on its way to the client when {@link #sweep} was called. */
  Optional<Binding> pending(String client) {
    return Optional.ofNullable(pending.get(client));
  }

  /**
   * Forgets the requests that have come to their end, and keeps away the addresses that others
   * answered at. To be called before a client is looked up: a request that ends in between is then
   * still known here, and no second address is given.
   *
   * @return what could not be kept, in a line each
   */
  List<String> sweep() {
    List<String> failures = new ArrayList<>();
    Iterator<Binding> each = pending.values().iterator();
    while (each.hasNext()) {
      Binding binding = each.next();
      if (binding.durable().isDone()) {
        binding.failure().ifPresent(failures::add);
        each.remove();
      }
    }
    conflicts.found().forEach(this::quarantine);
    return failures;
  }

  /**
   * Completes once it is known that no other machine answers at an address; fails where one does.
   * At once where that was asked not long ago, where it cannot be asked, or where too much is asked
   * already.
   *
   * @param card the network card of the one who is to have it: that it answers is no conflict
   */
  CompletableFuture<?> clear(DhcpSubnet subnet, Inet4Address address, HardwareAddress card) {
    return conflicts.clear(subnet, address, card);
  }

  /**
   * A free address of the network's range: one that nobody ever had, else the one whose lease ended
   * longest ago.
   */
  Optional<Inet4Address> unused(DhcpSubnet subnet) {
    if (subnet.range().isEmpty()) {
      return Optional.empty();
    }
    AddressRange range = subnet.range().get();
    if (isRecent(full.get(range))) {
      return Optional.empty();
    }
    Inet4Address fresh = search(range, subnet);
    if (fresh != null) {
      return Optional.of(fresh);
    }
    worn.put(range, nanoTime.getAsLong());
    Optional<Inet4Address> ended =
        leases.longestEnded(each -> range.contains(each) && isFree(each, subnet));
    if (ended.isEmpty()) {
      full.put(range, nanoTime.getAsLong());
    }
    return ended;
  }

  private @Nullable Inet4Address search(AddressRange range, DhcpSubnet subnet) {
    if (isRecent(worn.get(range))) {
      return null;
    }
    // From where the last search ended, so that filling a range costs one walk over it and not
    // many.
    int from = next.getOrDefault(range, 0);
    for (int tried = 0; tried < range.size(); tried++) {
      Inet4Address address = range.at((from + tried) % range.size());
      if (leases.at(address).isEmpty() && isFree(address, subnet)) {
        next.put(range, (from + tried + 1) % range.size());
        return address;
      }
    }
    return null;
  }

  /** A walk over a range is long, and clients ask often: what it found holds for a second. */
  private boolean isRecent(@Nullable Long since) {
    return since != null && nanoTime.getAsLong() - since < NANOS_A_SECOND;
  }

  /** Whether a stranger may have an address that nobody but himself has. */
  boolean isFor(Inet4Address address, DhcpSubnet subnet, String holder) {
    return inRange(address, subnet)
        && isNoClients(address, subnet)
        && !leases.isHeldByOther(address, holder);
  }

  private static boolean inRange(Inet4Address address, DhcpSubnet subnet) {
    return subnet.range().filter(range -> range.contains(address)).isPresent();
  }

  private boolean isFree(Inet4Address address, DhcpSubnet subnet) {
    return isNoClients(address, subnet) && !leases.isHeld(address);
  }

  private boolean isNoClients(Inet4Address address, DhcpSubnet subnet) {
    return !subnet.isReserved(address)
        && !isQuarantined(address)
        && !clients.isTaken(address)
        && pending.values().stream().noneMatch(binding -> binding.address().equals(address));
  }
}
