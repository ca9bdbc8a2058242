// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.dhcp.DhcpOptions;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/**
 * One network that is served: on a link of ours, or behind a relay agent.
 *
 * @param interfaceName the interface that is on it, or by which its relay agent reaches us
 * @param serverAddress our address there: what clients know us by
 * @param behindRelay an address of the network where none of ours is on it
 * @param prefixLength of the subnet mask, 1 to 30
 * @param range for clients without an address of their own; without it they get no answer
 * @param router told to clients that ask, where there is one
 * @param nameServers told to clients that ask; may be empty
 * @param onWish further options for clients that ask for them
 */
public record DhcpSubnet(
    String interfaceName,
    Inet4Address serverAddress,
    Optional<Inet4Address> behindRelay,
    int prefixLength,
    Optional<AddressRange> range,
    Optional<Inet4Address> router,
    List<Inet4Address> nameServers,
    DhcpOptions onWish) {

  private static final int LONGEST_PREFIX = 30;

  /** A network on our own link, without further options. */
  public DhcpSubnet(
      String interfaceName,
      Inet4Address serverAddress,
      int prefixLength,
      Optional<AddressRange> range,
      Optional<Inet4Address> router,
      List<Inet4Address> nameServers) {
    this(
        interfaceName,
        serverAddress,
        Optional.empty(),
        prefixLength,
        range,
        router,
        nameServers,
        DhcpOptions.builder().build());
  }

  public DhcpSubnet {
    nameServers = List.copyOf(nameServers);
    if (prefixLength < 1 || prefixLength > LONGEST_PREFIX) {
      throw new IllegalArgumentException(
          interfaceName + " has a subnet of /" + prefixLength + ": clients need /30 or wider");
    }
    long mask = mask(prefixLength);
    Inet4Address member = behindRelay.orElse(serverAddress);
    router.ifPresent(
        address -> {
          if (!isHost(address, member, mask)) {
            throw new IllegalArgumentException(
                "the router "
                    + address.getHostAddress()
                    + " is not inside "
                    + member.getHostAddress()
                    + "/"
                    + prefixLength
                    + ", the network "
                    + (behindRelay.isPresent() ? "behind a relay agent" : "of " + interfaceName)
                    + ": clients could not reach it");
          }
        });
    range.ifPresent(
        addresses -> {
          for (Inet4Address end : List.of(addresses.first(), addresses.last())) {
            if (!isHost(end, member, mask)) {
              throw new IllegalArgumentException(
                  "the range "
                      + addresses
                      + " is not inside "
                      + member.getHostAddress()
                      + "/"
                      + prefixLength
                      + ", the network "
                      + (behindRelay.isPresent() ? "behind a relay agent" : "of " + interfaceName));
            }
          }
        });
  }

  /** The same with more options for clients that ask for them. */
  public DhcpSubnet with(DhcpOptions more) {
    DhcpOptions.Builder all = DhcpOptions.builder();
    for (DhcpOptions each : List.of(onWish, more)) {
      for (int code : each.codes()) {
        each.bytes(code).ifPresent(value -> all.put(code, value));
      }
    }
    return new DhcpSubnet(
        interfaceName,
        serverAddress,
        behindRelay,
        prefixLength,
        range,
        router,
        nameServers,
        all.build());
  }

  /** Whether an address is of this network, ours and the broadcast one included. */
  public boolean contains(InetAddress address) {
    return address instanceof Inet4Address ipv4
        && (AddressRange.number(ipv4) & mask(prefixLength))
            == (AddressRange.number(member()) & mask(prefixLength));
  }

  /** Whether two networks have an address in common. */
  boolean overlaps(DhcpSubnet other) {
    return contains(other.member()) || other.contains(member());
  }

  private Inet4Address member() {
    return behindRelay.orElse(serverAddress);
  }

  Inet4Address subnetMask() {
    return AddressRange.address(mask(prefixLength));
  }

  /** Whether a host on this network may have this address: neither the network's nor broadcast. */
  boolean hasHost(Inet4Address address) {
    return isHost(address, member(), mask(prefixLength));
  }

  /** Whether an address is ours or the router's, and so no client's. */
  boolean isReserved(Inet4Address address) {
    return address.equals(serverAddress) || router.filter(address::equals).isPresent();
  }

  /** The network in the form that people write. */
  String network() {
    long mask = mask(prefixLength);
    return AddressRange.address(AddressRange.number(member()) & mask).getHostAddress()
        + "/"
        + prefixLength;
  }

  private static boolean isHost(Inet4Address address, Inet4Address ours, long mask) {
    long number = AddressRange.number(address);
    long host = number & ~mask & 0xFFFF_FFFFL;
    return (number & mask) == (AddressRange.number(ours) & mask)
        && host != 0
        && host != (~mask & 0xFFFF_FFFFL);
  }

  private static long mask(int prefixLength) {
    return 0xFFFF_FFFFL << (32 - prefixLength) & 0xFFFF_FFFFL;
  }
}
