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
import org.jspecify.annotations.Nullable;

/** What the configuration says of networks, held against the interfaces that this machine has. */
final class Networks {
  /** A network of fewer addresses is taken as one of this prefix. */
  private static final int LONGEST_PREFIX = 30;

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
    String served = servedInterface(configuration);
    if (served == null) {
      return null;
    }
    List<Inet4Address> addresses = find(served).stream().map(network -> network.address).toList();
    if (addresses.size() != 1) {
      throw new RefusedException(
          addresses.isEmpty()
              ? "interface %s has no IPv4 address: give it one, or configure 'server'"
                  .formatted(served)
              : "interface %s has several addresses (%s): configure 'server', the one to tell clients"
                  .formatted(
                      served,
                      String.join(
                          ", ", addresses.stream().map(InetAddress::getHostAddress).toList())));
    }
    return addresses.getFirst();
  }

  /** The one network of the DHCP server; null where DHCP is off. */
  static @Nullable DhcpSubnet subnet(Dhcp dhcp, @Nullable InetAddress server)
      throws RefusedException {
    return switch (dhcp) {
      case Dhcp.Off _ -> null;
      case Dhcp.Proxy proxy -> {
        Network ours = network(proxy.networkInterface(), server);
        yield subnet(
            proxy.networkInterface(),
            ours,
            ours.prefixLength,
            Optional.empty(),
            Optional.empty(),
            Dhcp.Facts.NONE);
      }
      case Dhcp.Server giving -> {
        Network ours = network(giving.networkInterface(), server);
        Inet4Address netmask = giving.netmask();
        yield subnet(
            giving.networkInterface(),
            ours,
            netmask == null
                ? ours.prefixLength
                : Integer.bitCount(ByteBuffer.wrap(netmask.getAddress()).getInt()),
            Optional.of(giving),
            Optional.ofNullable(giving.router()),
            giving.facts());
      }
    };
  }

  /** The network of an interface on which clients know us by the configured address. */
  private static Network network(String name, @Nullable InetAddress server)
      throws RefusedException {
    List<Network> networks = find(name);
    return networks.stream()
        .filter(network -> network.address.equals(server))
        .findFirst()
        .or(() -> networks.size() == 1 ? Optional.of(networks.getFirst()) : Optional.empty())
        .orElseThrow(
            () ->
                new RefusedException(
                    networks.isEmpty()
                        ? "interface %s has no IPv4 address: give it one before DHCP is served"
                            .formatted(name)
                        : ("interface %s has several addresses: configure 'server' as one of"
                                + " them, so that DHCP clients know us by it")
                            .formatted(name)));
  }

  private static DhcpSubnet subnet(
      String name,
      Network ours,
      int prefix,
      Optional<Dhcp.Server> giving,
      Optional<Inet4Address> router,
      Dhcp.Facts facts)
      throws RefusedException {
    try {
      return new DhcpSubnet(
          name,
          ours.address,
          prefix,
          giving.map(dhcp -> new AddressRange(dhcp.first(), dhcp.last())),
          router,
          facts.nameServers(),
          onWish(facts));
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
    if (chosen == null) {
      chosen = servedInterface(configuration);
    }
    List<String> names = chosen == null ? all() : List.of(chosen);
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
                  .formatted(chosen == null ? "" : " (" + chosen + ")")
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

  private static @Nullable String servedInterface(Configuration configuration) {
    if (configuration.dhcp() instanceof Dhcp.Server dhcp) {
      return dhcp.networkInterface();
    }
    if (configuration.dhcp() instanceof Dhcp.Proxy dhcp) {
      return dhcp.networkInterface();
    }
    return configuration.slp() instanceof Slp.Agent agent ? agent.networkInterface() : null;
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
