// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import dev.rootstock.boot.Limits;
import java.net.Inet4Address;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
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
 * @param seenCards network cards that it was seen with, while another key named it, the latest last
 * @param enrolled whether nobody described it: it was an unknown machine
 */
public record Registration(
    Client client,
    @Nullable Inet4Address lease,
    @Nullable BootRecord boot,
    @Nullable Chap chap,
    Map<Integer, UnitBytes> units,
    List<MacAddress> seenCards,
    boolean enrolled) {

  public Registration {
    units = Map.copyOf(units);
    seenCards = List.copyOf(seenCards);
    if (seenCards.size() > Limits.SEEN_CARDS) {
      throw new IllegalArgumentException(
          "a client is remembered with %d cards at most".formatted(Limits.SEEN_CARDS));
    }
  }

  /** A client that was just described. */
  public Registration(Client client) {
    this(client, null, null, null, Map.of(), List.of(), false);
  }

  /** An unknown machine that has become a client. */
  static Registration enrolled(Client client) {
    return new Registration(client, null, null, null, Map.of(), List.of(), true);
  }

  /** The number of its boot, 0 before the first. */
  public long generation() {
    return boot == null ? 0 : boot.generation();
  }

  /** The address that the client has or will have, if that is known. */
  public @Nullable Inet4Address address() {
    return client.address() != null ? client.address() : lease;
  }

  public Registration withLease(@Nullable Inet4Address newLease) {
    return new Registration(client, newLease, boot, chap, units, seenCards, enrolled);
  }

  /**
   * With another record of its boot; see {@link BootRecord#after}. With a new boot, what it proves
   * itself by is the new boot's.
   */
  public Registration withBoot(@Nullable BootRecord newBoot) {
    Chap proofs = chap;
    if (newBoot != null && chap != null && newBoot.generation() > generation()) {
      proofs = chap.begun(newBoot.generation());
    }
    return new Registration(
        client,
        lease,
        newBoot == null ? null : newBoot.after(boot),
        proofs,
        units,
        seenCards,
        enrolled);
  }

  public Registration withClient(Client newClient) {
    return new Registration(newClient, lease, boot, chap, units, seenCards, enrolled);
  }

  public Registration withChap(@Nullable Chap newChap) {
    return new Registration(client, lease, boot, newChap, units, seenCards, enrolled);
  }

  /** With other bytes of a unit; none forgets it. */
  public Registration withUnit(int lun, UnitBytes bytes) {
    Map<Integer, UnitBytes> changed = new HashMap<>(units);
    if (bytes.isEmpty()) {
      changed.remove(lun);
    } else {
      changed.put(lun, bytes);
    }
    return new Registration(client, lease, boot, chap, changed, seenCards, enrolled);
  }

  /** With a card that it was seen with; those that were seen longest ago make room. */
  public Registration withSeenCard(MacAddress card) {
    List<MacAddress> cards = new ArrayList<>(seenCards);
    cards.remove(card);
    cards.add(card);
    return withSeenCards(
        cards.subList(Math.max(0, cards.size() - Limits.SEEN_CARDS), cards.size()));
  }

  /** Without that one, which is another's now. */
  public Registration withoutSeenCard(MacAddress card) {
    return withSeenCards(seenCards.stream().filter(each -> !each.equals(card)).toList());
  }

  private Registration withSeenCards(List<MacAddress> cards) {
    return new Registration(client, lease, boot, chap, units, cards, enrolled);
  }

  /** The cards by which its firmware may be known: its own, and those that it was seen with. */
  public List<MacAddress> cards() {
    return Stream.concat(client.macs().stream(), seenCards.stream()).distinct().toList();
  }
}
