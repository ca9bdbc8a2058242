// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import dev.rootstock.boot.config.Configuration;
import dev.rootstock.boot.config.Configuration.Dhcp;
import dev.rootstock.boot.config.Configuration.Slp;
import dev.rootstock.boot.control.RefusedException;
import dev.rootstock.boot.dhcp.AddressRange;
import dev.rootstock.boot.dhcp.DhcpSubnet;
import dev.rootstock.boot.slp.SlpNetwork;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpOptions;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the configuration says of networks, held against the interfaces that this machine has. */
final class Networks {
  /** A network of fewer addresses is taken as one of this prefix. */
  private static final int LONGEST_PREFIX = 30;

  /** What a proxy tells of a network: nothing. */
  private static final Dhcp.Subnet NOTHING =
      new Dhcp.Subnet(null, null, null, null, null, null, null, Dhcp.Facts.NONE);

  private Networks() {}

  /**
   * The address that clients are told: the configured one, else the only IPv4 address of the
   * interface that is served.
   *
   * @return null where nothing that is switched on has to tell it
   */
  static @Nullable InetAddress server(Configuration configuration) throws RefusedException {
    String host = configuration.server();
    if (host != null) {
      return resolve(host);
    }
    List<String> served = servedInterfaces(configuration);
    if (served.isEmpty()) {
      return null;
    }
    Dhcp.@Nullable Subnet first =
        configuration.dhcp() instanceof Dhcp.Server giving ? giving.subnets().getFirst() : null;
    if (first != null && first.address() != null && first.networkInterface() != null) {
      return first.address();
    }
    String name = served.getFirst();
    List<Inet4Address> addresses = find(name).stream().map(network -> network.address).toList();
    if (addresses.size() != 1) {
      throw new RefusedException(
          addresses.isEmpty()
              ? "interface %s has no IPv4 address: give it one, or configure 'server'"
                  .formatted(name)
              : "interface %s has several addresses (%s): configure 'server', the one to tell clients"
                  .formatted(
                      name,
                      String.join(
                          ", ", addresses.stream().map(InetAddress::getHostAddress).toList())));
    }
    return addresses.getFirst();
  }

  /** The networks of the DHCP server, those of our own links first; none where DHCP is off. */
  static List<DhcpSubnet> subnets(Dhcp dhcp, @Nullable InetAddress server) throws RefusedException {
    List<DhcpSubnet> subnets = new ArrayList<>();
    if (dhcp instanceof Dhcp.Proxy proxy) {
      for (String each : proxy.interfaces()) {
        Network ours = network(each, null, server);
        subnets.add(subnet(each, ours, Optional.empty(), ours.prefixLength, NOTHING));
      }
    }
    if (dhcp instanceof Dhcp.Server giving) {
      for (Dhcp.Subnet each : giving.subnets()) {
        String name = each.networkInterface();
        if (each.network() == null && name != null) {
          Network ours = network(name, each.address(), server);
          Inet4Address netmask = each.netmask();
          int prefix =
              netmask == null
                  ? ours.prefixLength
                  : Integer.bitCount(ByteBuffer.wrap(netmask.getAddress()).getInt());
          subnets.add(subnet(name, ours, Optional.empty(), prefix, each));
        }
      }
      for (Dhcp.Subnet each : giving.subnets()) {
        Dhcp.Network network = each.network();
        if (network != null) {
          DhcpSubnet by = by(each.networkInterface(), subnets);
          subnets.add(
              subnet(
                  by.interfaceName(),
                  new Network(by.serverAddress(), by.prefixLength()),
                  Optional.of(network.address()),
                  network.prefixLength(),
                  each));
        }
      }
    }
    return subnets;
  }

  /** The network of ours by which a relay agent's packets come. */
  private static DhcpSubnet by(@Nullable String name, List<DhcpSubnet> links)
      throws RefusedException {
    return links.stream()
        .filter(each -> each.behindRelay().isEmpty())
        .filter(each -> name == null || each.interfaceName().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new RefusedException(
                    "'dhcp.subnets' has networks behind a relay agent, and none of %s: add"
                            .formatted(
                                name == null ? "this machine's interfaces" : "interface " + name)
                        + " '- interface: %s', by which the relay reaches us"
                            .formatted(name == null ? "NAME" : name)));
  }

  /** The network of an interface on which clients know us by the configured address. */
  private static Network network(
      String name, @Nullable Inet4Address address, @Nullable InetAddress server)
      throws RefusedException {
    List<Network> networks = find(name);
    InetAddress told = address != null ? address : server;
    return networks.stream()
        .filter(network -> network.address.equals(told))
        .findFirst()
        .or(
            () ->
                networks.size() == 1 && address == null
                    ? Optional.of(networks.getFirst())
                    : Optional.empty())
        .orElseThrow(
            () ->
                new RefusedException(
                    networks.isEmpty()
                        ? "interface %s has no IPv4 address: give it one before DHCP is served"
                            .formatted(name)
                        : address != null
                            ? "interface %s does not have the address %s"
                                .formatted(name, address.getHostAddress())
                            : ("interface %s has several addresses: configure 'server' as one of"
                                    + " them, so that DHCP clients know us by it")
                                .formatted(name)));
  }

  private static DhcpSubnet subnet(
      String name,
      Network ours,
      Optional<Inet4Address> behindRelay,
      int prefix,
      Dhcp.Subnet configured)
      throws RefusedException {
    Inet4Address first = configured.first();
    Inet4Address last = configured.last();
    try {
      return new DhcpSubnet(
          name,
          ours.address,
          behindRelay,
          prefix,
          first == null || last == null
              ? Optional.empty()
              : Optional.of(new AddressRange(first, last)),
          Optional.ofNullable(configured.router()),
          configured.facts().nameServers(),
          onWish(configured.facts()));
    } catch (IllegalArgumentException e) {
      throw new RefusedException("DHCP cannot be served: " + e.getMessage(), e);
    }
  }

  private static DhcpOptions onWish(Dhcp.Facts facts) {
    DhcpOptions.Builder options = DhcpOptions.builder();
    String domain = facts.domain();
    if (domain != null) {
      options.put(DhcpOption.DOMAIN_NAME, domain);
    }
    if (facts.mtu() > 0) {
      options.put(DhcpOption.INTERFACE_MTU, facts.mtu());
    }
    if (!facts.ntpServers().isEmpty()) {
      options.put(DhcpOption.NTP_SERVERS, facts.ntpServers());
    }
    return options.build();
  }

  /** The network that an address of ours is on; null where no interface has it. */
  static @Nullable DhcpSubnet around(InetAddress ours) throws RefusedException {
    try {
      NetworkInterface found = NetworkInterface.getByInetAddress(ours);
      if (found != null && ours instanceof Inet4Address) {
        for (Network each : find(found.getName())) {
          if (each.address.equals(ours)) {
            return new DhcpSubnet(
                found.getName(),
                each.address,
                Math.min(each.prefixLength, LONGEST_PREFIX),
                Optional.empty(),
                Optional.empty(),
                List.of());
          }
        }
      }
      return null;
    } catch (SocketException e) {
      throw new RefusedException("the network interfaces cannot be looked at: " + e, e);
    }
  }

  /** The networks of the SLP agent: of its interface, of the one that is served, or of all. */
  static List<SlpNetwork> slp(Slp.Agent agent, Configuration configuration)
      throws RefusedException {
    String chosen = agent.networkInterface();
    List<String> served = chosen == null ? servedInterfaces(configuration) : List.of(chosen);
    List<String> names = served.isEmpty() ? all() : served;
    List<SlpNetwork> networks = new ArrayList<>();
    for (String name : names) {
      // One socket an interface: its first address is the one that answers come from.
      find(name).stream()
          .findFirst()
          .ifPresent(
              network -> networks.add(new SlpNetwork(name, network.address, network.prefixLength)));
    }
    if (networks.isEmpty()) {
      throw new RefusedException(
          "SLP finds no interface with an IPv4 address%s: give one an address, or configure"
                  .formatted(served.isEmpty() ? "" : " (" + String.join(", ", served) + ")")
              + " 'slp.interface'");
    }
    return networks;
  }

  /**
   * The address that SLP tells where neither {@code server} nor an interface says which.
   *
   * @throws RefusedException where there are several: no one address is right on all of them
   */
  static @Nullable InetAddress only(List<SlpNetwork> networks) throws RefusedException {
    if (networks.size() > 1) {
      throw new RefusedException(
          "SLP is to answer on several networks (%s): configure 'server', the address to tell clients, or 'slp.interface'"
              .formatted(
                  String.join(
                      ", ",
                      networks.stream().map(each -> each.address().getHostAddress()).toList())));
    }
    return networks.isEmpty() ? null : networks.getFirst().address();
  }

  private record Network(Inet4Address address, int prefixLength) {}

  private static List<String> servedInterfaces(Configuration configuration) {
    if (configuration.dhcp() instanceof Dhcp.Server dhcp) {
      return dhcp.subnets().stream()
          .flatMap(each -> Stream.ofNullable(each.networkInterface()))
          .distinct()
          .toList();
    }
    if (configuration.dhcp() instanceof Dhcp.Proxy dhcp) {
      return dhcp.interfaces();
    }
    return configuration.slp() instanceof Slp.Agent agent && agent.networkInterface() != null
        ? List.of(agent.networkInterface())
        : List.of();
  }

  /** IPv4 before IPv6: firmware takes the one and often not the other. */
  private static InetAddress resolve(String host) throws RefusedException {
    try {
      InetAddress[] found = InetAddress.getAllByName(host);
      return Arrays.stream(found)
          .filter(Inet4Address.class::isInstance)
          .findFirst()
          .orElse(found[0]);
    } catch (UnknownHostException e) {
      throw new RefusedException(
          "'server: %s' has no address: write a literal one, or mend the resolver".formatted(host),
          e);
    }
  }

  private static List<Network> find(String name) throws RefusedException {
    try {
      NetworkInterface found = NetworkInterface.getByName(name);
      if (found == null) {
        throw new RefusedException(
            "there is no network interface '%s': this machine has %s"
                .formatted(
                    name,
                    String.join(
                        ", ",
                        NetworkInterface.networkInterfaces()
                            .map(NetworkInterface::getName)
                            .sorted()
                            .toList())));
      }
      List<Network> networks = new ArrayList<>();
      for (InterfaceAddress each : found.getInterfaceAddresses()) {
        if (each.getAddress() instanceof Inet4Address address) {
          networks.add(new Network(address, each.getNetworkPrefixLength()));
        }
      }
      return networks;
    } catch (SocketException e) {
      throw new RefusedException("interface %s cannot be looked at: %s".formatted(name, e), e);
    }
  }

  private static List<String> all() throws RefusedException {
    try {
      List<String> names = new ArrayList<>();
      for (NetworkInterface each : NetworkInterface.networkInterfaces().toList()) {
        if (each.isUp() && !each.isLoopback() && each.supportsMulticast()) {
          names.add(each.getName());
        }
      }
      return names;
    } catch (SocketException e) {
      throw new RefusedException("the network interfaces cannot be listed: " + e, e);
    }
  }
}
