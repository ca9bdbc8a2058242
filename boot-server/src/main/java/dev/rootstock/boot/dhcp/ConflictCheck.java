// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.boot.net.Bounded;
import dev.rootstock.dhcp.HardwareAddress;
import java.net.Inet4Address;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/**
 * Asks before an address is offered anew whether somebody has it already (RFC 2131 §3.1 item 2),
 * and remembers the answer for a while. Not for several threads at once.
 */
final class ConflictCheck {
  private static final long NANOS_A_SECOND = 1_000_000_000L;

  private final AddressProbe probe;
  private final LongSupplier nanoTime;
  // Bounded by PROBES, which is checked before an entry is made.
  private final Map<Inet4Address, Look> underWay = new HashMap<>();
  // Addresses that nobody had, and when.
  private final Bounded<Inet4Address, Long> clear = new Bounded<>(Limits.PROBES);

  /** A question that is on the network, and whose machine does not count as another. */
  private record Look(HardwareAddress card, CompletableFuture<Optional<String>> answer) {
    Optional<String> other() {
      return answer.join().filter(who -> !who.equals(card.text()));
    }
  }

  ConflictCheck(AddressProbe probe, LongSupplier nanoTime) {
    this.probe = probe;
    this.nanoTime = nanoTime;
  }

  /** Completes once nobody answered at an address; fails where another machine did. */
  CompletableFuture<?> clear(DhcpSubnet subnet, Inet4Address address, HardwareAddress card) {
    Long since = clear.get(address);
    if (since != null && nanoTime.getAsLong() - since < Limits.PROBED_SECONDS * NANOS_A_SECOND) {
      return CompletableFuture.completedFuture(null);
    }
    Look look = underWay.get(address);
    if (look == null) {
      if (underWay.size() >= Limits.PROBES) {
        return CompletableFuture.completedFuture(null);
      }
      look = new Look(card, probe.look(subnet, address));
      underWay.put(address, look);
    }
    Look asked = look;
    return asked.answer().thenAccept(_ -> refuse(address, asked.other()));
  }

  private static void refuse(Inet4Address address, Optional<String> other) {
    if (other.isPresent()) {
      throw new IllegalStateException(
          other.get() + " answers at " + address.getHostAddress() + " already");
    }
  }

  /** Takes the answers that have come; returns the addresses at which others answered. */
  List<Inet4Address> found() {
    List<Inet4Address> conflicts = new ArrayList<>();
    Iterator<Map.Entry<Inet4Address, Look>> each = underWay.entrySet().iterator();
    while (each.hasNext()) {
      Map.Entry<Inet4Address, Look> entry = each.next();
      if (entry.getValue().answer().isDone()) {
        if (entry.getValue().other().isPresent()) {
          conflicts.add(entry.getKey());
        } else {
          clear.put(entry.getKey(), nanoTime.getAsLong());
        }
        each.remove();
      }
    }
    return conflicts;
  }
}
