// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.config;

import dev.rootstock.boot.clients.GroupName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.MacAddress;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.clients.NamePattern;
import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which unknown machines become clients, and what kind of clients.
 *
 * @param image what their disks are made from; null for their group's
 * @param group theirs, or null
 * @param mode what becomes of their writes; null for their group's
 * @param names how they are called
 * @param limit how many there may be at once, those of earlier runs included
 * @param rate how many may come in {@code perSeconds}
 * @param perSeconds seconds
 * @param subnets where they have to ask from; none for everywhere
 * @param relays through which agents they have to ask; none for any and for none
 * @param cards with what their network cards have to begin; none for any
 */
public record EnrolRule(
    @Nullable ImageReference image,
    @Nullable GroupName group,
    @Nullable Mode mode,
    NamePattern names,
    int limit,
    int rate,
    int perSeconds,
    List<Network> subnets,
    List<Inet4Address> relays,
    List<CardPrefix> cards) {

  public EnrolRule {
    subnets = List.copyOf(subnets);
    relays = List.copyOf(relays);
    cards = List.copyOf(cards);
  }

  /** Addresses with a common prefix of 0 to 32 bits. */
  public record Network(Inet4Address address, int prefix) {
    /** Whether it has that address. */
    public boolean contains(Inet4Address other) {
      int mask = prefix == 0 ? 0 : -1 << (32 - prefix);
      return ((bits(address) ^ bits(other)) & mask) == 0;
    }

    private static int bits(Inet4Address address) {
      return ByteBuffer.wrap(address.getAddress()).getInt();
    }
  }

  /**
   * Network cards with a common beginning, mostly a maker's.
   *
   * @param bits the beginning, in the low end
   * @param bytes how many it has, 1 to 6
   */
  public record CardPrefix(long bits, int bytes) {
    /** Whether the card begins so. */
    public boolean matches(MacAddress card) {
      return card.bits() >>> (8 * (MacAddress.BYTES - bytes)) == bits;
    }
  }

  /**
   * Why a machine is not taken; empty where it is.
   *
   * @param link an address of the network that it asks from
   */
  public Optional<String> refusal(
      MacAddress card, Inet4Address link, Optional<Inet4Address> relay) {
    if (!subnets.isEmpty() && subnets.stream().noneMatch(each -> each.contains(link))) {
      return Optional.of("it is on none of its subnets");
    }
    if (!relays.isEmpty() && relay.filter(relays::contains).isEmpty()) {
      return Optional.of("it comes through none of its relay agents");
    }
    if (!cards.isEmpty() && cards.stream().noneMatch(each -> each.matches(card))) {
      return Optional.of("its network card begins with none of its prefixes");
    }
    return Optional.empty();
  }
}
