// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.rootstock.boot.config.Configuration;
import dev.rootstock.boot.config.Configuration.Dhcp;
import dev.rootstock.boot.installation.Installation;
import dev.rootstock.dhcp.BootNetwork;
import dev.rootstock.dhcp.ForeignServer;
import dev.rootstock.images.store.Progress;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What {@code rootstock dhcp-config} does: our clients in the words of another DHCP server. */
final class DhcpConfigOperation {
  private static final Pattern NETWORK = Pattern.compile("([0-9.]+)/([0-9]{1,2})");
  private static final String USUAL_INTERFACE = "eth0";
  private static final int USUAL_PREFIX = 24;

  private DhcpConfigOperation() {}

  static JsonNode print(Workplace workplace, Arguments arguments, Progress progress)
      throws RefusedException {
    ForeignServer server = server(arguments.required("server"));
    Installation installation = workplace.installation();
    Configuration configuration = installation.configuration();
    Inet4Address ours = address(configuration);
    BootNetwork network;
    try {
      network = network(arguments, configuration, ours);
      network = network.with(new ForeignClients(installation, network).all());
    } catch (IllegalArgumentException e) {
      throw new RefusedException(String.valueOf(e.getMessage()), e);
    }
    return JsonNodeFactory.instance
        .objectNode()
        .put("configuration", server.configuration(network));
  }

  private static BootNetwork network(
      Arguments arguments, Configuration configuration, Inet4Address ours) throws RefusedException {
    Dhcp.@Nullable Subnet own =
        configuration.dhcp() instanceof Dhcp.Server giving ? giving.subnets().getFirst() : null;
    int prefix = USUAL_PREFIX;
    int base = bits(ours);
    String asked = arguments.text("network");
    if (asked != null) {
      Matcher matcher = NETWORK.matcher(asked);
      if (!matcher.matches() || Integer.parseInt(matcher.group(2)) > 30) {
        throw new RefusedException("'%s' is no network: write it as 10.77.0.0/24".formatted(asked));
      }
      base = bits(literal(matcher.group(1)));
      prefix = Integer.parseInt(matcher.group(2));
    }
    String range = arguments.text("range");
    String router = arguments.text("router");
    String networkInterface = arguments.text("interface");
    return new BootNetwork(
        networkInterface != null
            ? networkInterface
            : own != null && own.networkInterface() != null
                ? own.networkInterface()
                : USUAL_INTERFACE,
        address(prefix == 0 ? 0 : base & (-1 << (32 - prefix))),
        prefix,
        range != null ? Optional.of(range(range)) : ownRange(own),
        router != null
            ? Optional.of(literal(router))
            : Optional.ofNullable(own).map(Dhcp.Subnet::router),
        ours,
        configuration.bootFiles().tftp()
            ? Optional.of(
                new BootNetwork.Programs(
                    configuration.bootFiles().bios(),
                    configuration.bootFiles().uefiX64(),
                    Optional.ofNullable(configuration.bootFiles().uefiArm64()),
                    httpPort(configuration, ours)))
            : Optional.empty(),
        List.of());
  }

  /** The port by which HTTP is reached at the address that clients are told. */
  private static OptionalInt httpPort(Configuration configuration, Inet4Address ours) {
    return configuration.http().listen().stream()
        .filter(each -> each.getPort() != 0)
        .filter(each -> each.getAddress().isAnyLocalAddress() || each.getAddress().equals(ours))
        .mapToInt(InetSocketAddress::getPort)
        .findFirst();
  }

  private static Optional<BootNetwork.Range> ownRange(Dhcp.@Nullable Subnet own) {
    Inet4Address first = own == null ? null : own.first();
    Inet4Address last = own == null ? null : own.last();
    return first == null || last == null
        ? Optional.empty()
        : Optional.of(new BootNetwork.Range(first, last));
  }

  private static ForeignServer server(String name) throws RefusedException {
    return Arrays.stream(ForeignServer.values())
        .filter(each -> each.text().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new RefusedException(
                    "there is no configuration for '%s': write dnsmasq, kea or isc"
                        .formatted(name)));
  }

  /** The address that the other server is to tell clients: option 17 holds a literal. */
  private static Inet4Address address(Configuration configuration) throws RefusedException {
    String host = configuration.server();
    if (host == null) {
      throw new RefusedException(
          "clients have to be told where we are: configure 'server', our address on their network");
    }
    try {
      for (InetAddress each : InetAddress.getAllByName(host)) {
        if (each instanceof Inet4Address ipv4) {
          return ipv4;
        }
      }
    } catch (UnknownHostException e) {
      throw new RefusedException(
          "'server: %s' has no address: write a literal one, or mend the resolver".formatted(host),
          e);
    }
    throw new RefusedException(
        "'server: %s' has no IPv4 address, and DHCP knows no other".formatted(host));
  }

  private static BootNetwork.Range range(String text) throws RefusedException {
    String[] ends = text.split("-", -1);
    if (ends.length != 2) {
      throw new RefusedException("'%s' is no range: write FIRST-LAST".formatted(text));
    }
    return new BootNetwork.Range(literal(ends[0].strip()), literal(ends[1].strip()));
  }

  private static Inet4Address literal(String text) throws RefusedException {
    try {
      if (text.chars().filter(c -> c == '.').count() == 3
          && InetAddress.ofLiteral(text) instanceof Inet4Address address) {
        return address;
      }
    } catch (IllegalArgumentException e) {
      // said below
    }
    throw new RefusedException(
        "'%s' is no IPv4 address: write four numbers, as 10.77.0.1".formatted(text));
  }

  private static int bits(Inet4Address address) {
    return ByteBuffer.wrap(address.getAddress()).getInt();
  }

  private static Inet4Address address(int bits) {
    return (Inet4Address)
        InetAddress.ofLiteral(
            "%d.%d.%d.%d"
                .formatted(bits >>> 24, bits >>> 16 & 0xFF, bits >>> 8 & 0xFF, bits & 0xFF));
  }
}
