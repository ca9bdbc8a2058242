// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.config;

import dev.rootstock.boot.config.Configuration.Dhcp;
import dev.rootstock.boot.config.Configuration.Http;
import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The section {@code dhcp}: one network by its own keys, or several by {@code subnets}. */
final class DhcpSection {
  private static final Set<String> OF_A_NETWORK =
      Set.of(
          "interface",
          "range",
          "router",
          "netmask",
          "name-servers",
          "ntp-servers",
          "domain",
          "mtu");
  private static final Set<String> OF_A_SUBNET = with(OF_A_NETWORK, "network", "address");
  private static final Set<String> ALL =
      with(
          OF_A_NETWORK,
          "mode",
          "lease",
          "router-advertisements",
          "ipxe",
          "strangers",
          "conflict-check",
          "subnets");
  private static final Pattern NETWORK = Pattern.compile("([0-9.]+)/([0-9]{1,2})");

  private static final Duration LEASE = Duration.ofHours(1);
  private static final Duration LEAST_LEASE = Duration.ofMinutes(1);
  private static final int LONGEST_PREFIX = 30;
  private static final int MOST_SUBNETS = 64;

  private DhcpSection() {}

  static Dhcp read(@Nullable Section section, Http http) throws ConfigurationException {
    if (section == null) {
      return Dhcp.OFF;
    }
    section.only(ALL, Map.of());
    String mode = section.choice("mode", "off", List.of("server", "proxy", "off"), Map.of());
    boolean several = section.has("subnets");
    List<Dhcp.Subnet> subnets = several ? subnets(section) : List.of(subnet(section));
    Duration lease = section.duration("lease", LEASE, LEAST_LEASE);
    boolean strangers =
        section.choice("strangers", "ignore", List.of("ignore", "serve"), Map.of()).equals("serve");
    boolean conflictCheck = section.flag("conflict-check", true);
    boolean advertise = section.flag("router-advertisements", !mode.equals("proxy"));
    for (String key : List.of("interface", "range", "subnets")) {
      if (section.text("mode") == null && section.has(key)) {
        throw section.wrong(
            key,
            "'dhcp' without 'dhcp.mode' is off: add 'mode: server', or 'mode: off' to keep the"
                + " rest");
      }
    }
    if (mode.equals("off")) {
      return Dhcp.OFF;
    }
    if (subnets.stream().allMatch(each -> each.networkInterface() == null)) {
      throw section.wrong(
          "mode", "'dhcp.mode: %s' needs 'dhcp.interface', the network to serve".formatted(mode));
    }
    boolean scripted =
        section
            .choice("ipxe", "root-path", List.of("root-path", "script"), Map.of())
            .equals("script");
    if ((scripted || mode.equals("proxy")) && http.listen().isEmpty()) {
      throw section.wrong(
          scripted ? "ipxe" : "mode",
          "iPXE gets a script then, and scripts come over HTTP: add"
              + " 'http: { listen: [\"0.0.0.0:8080\"] }'");
    }
    if (mode.equals("proxy")) {
      return proxy(section, subnets, advertise);
    }
    if (!several && subnets.getFirst().first() == null) {
      throw section.wrong(
          "mode", "'dhcp.mode: server' needs 'dhcp.range', as 10.77.0.100-10.77.0.199");
    }
    return new Dhcp.Server(subnets, lease, strangers, conflictCheck, advertise, scripted);
  }

  private static Dhcp.Proxy proxy(Section section, List<Dhcp.Subnet> subnets, boolean advertise)
      throws ConfigurationException {
    List<String> interfaces = new ArrayList<>();
    for (Dhcp.Subnet each : subnets) {
      String networkInterface = each.networkInterface();
      if (each.first() != null || each.network() != null || networkInterface == null) {
        throw section.wrong(
            section.has("subnets") ? "subnets" : "range",
            each.first() != null
                ? "'dhcp.mode: proxy' gives no addresses: leave 'dhcp.range' out"
                : "'dhcp.mode: proxy' answers on interfaces: each of 'dhcp.subnets' is only"
                    + " '{ interface: NAME }'");
      }
      interfaces.add(networkInterface);
    }
    return new Dhcp.Proxy(interfaces, advertise);
  }

  private static List<Dhcp.Subnet> subnets(Section section) throws ConfigurationException {
    for (String key : new TreeSet<>(OF_A_NETWORK)) {
      if (section.has(key)) {
        throw section.wrong(
            key,
            "'dhcp.%s' is of one network, and 'dhcp.subnets' lists several: write it there"
                .formatted(key));
      }
    }
    List<Dhcp.Subnet> subnets = new ArrayList<>();
    for (Section each : section.sections("subnets")) {
      each.only(OF_A_SUBNET, Map.of());
      if (!each.has("interface") && !each.has("network")) {
        throw each.wrong(
            "interface",
            "each of 'dhcp.subnets' has an 'interface' of this machine, or a 'network' behind a"
                + " relay agent, as 10.88.0.0/16");
      }
      subnets.add(subnet(each));
    }
    if (subnets.isEmpty() || subnets.size() > MOST_SUBNETS) {
      throw section.wrong(
          "subnets", "'dhcp.subnets' lists 1 to %d networks".formatted(MOST_SUBNETS));
    }
    return subnets;
  }

  private static Dhcp.Subnet subnet(Section section) throws ConfigurationException {
    Inet4Address[] range = range(section);
    boolean noRouter = "none".equals(section.text("router"));
    Inet4Address router = noRouter ? null : section.ipv4("router");
    if (router != null && (router.isAnyLocalAddress() || router.isMulticastAddress())) {
      throw section.wrong(
          "router",
          "'%s: %s' is no address of a router: write one of the network, or none"
              .formatted(section.in("router"), router.getHostAddress()));
    }
    Inet4Address netmask = netmask(section);
    Dhcp.Network network = network(section);
    if (network != null && (netmask != null || section.has("address"))) {
      throw section.wrong(
          netmask != null ? "netmask" : "address",
          "'%s' is a network behind a relay agent: it has its prefix already, and no address of ours"
              .formatted(section.in("network")));
    }
    return new Dhcp.Subnet(
        section.networkInterface("interface"),
        section.ipv4("address"),
        network,
        range == null ? null : range[0],
        range == null ? null : range[1],
        router,
        netmask,
        BootSections.facts(section));
  }

  private static Dhcp.@Nullable Network network(Section section) throws ConfigurationException {
    String text = section.text("network");
    if (text == null) {
      return null;
    }
    Matcher matcher = NETWORK.matcher(text);
    int prefix = matcher.matches() ? Integer.parseInt(matcher.group(2)) : 0;
    if (prefix < 1 || prefix > LONGEST_PREFIX) {
      throw section.wrong(
          "network",
          "'%s: %s' is no network for clients: write it as 10.88.0.0/16, of /1 to /%d"
              .formatted(section.in("network"), text, LONGEST_PREFIX));
    }
    Inet4Address address = section.ipv4("network", matcher.group(1));
    if ((bits(address) & ~(-1 << (32 - prefix))) != 0) {
      throw section.wrong(
          "network",
          "'%s: %s' has bits behind its prefix: write the network's own address"
              .formatted(section.in("network"), text));
    }
    return new Dhcp.Network(address, prefix);
  }

  private static Inet4Address @Nullable [] range(Section section) throws ConfigurationException {
    String text = section.text("range");
    if (text == null) {
      return null;
    }
    String[] ends = text.split("-", -1);
    if (ends.length != 2) {
      throw section.wrong(
          "range", "'%s: %s' is no range: write FIRST-LAST".formatted(section.in("range"), text));
    }
    Inet4Address first = section.ipv4("range", ends[0].strip());
    Inet4Address last = section.ipv4("range", ends[1].strip());
    if (Integer.compareUnsigned(bits(first), bits(last)) > 0) {
      throw section.wrong(
          "range",
          "'%s: %s' ends before it begins: write FIRST-LAST".formatted(section.in("range"), text));
    }
    return new Inet4Address[] {first, last};
  }

  private static @Nullable Inet4Address netmask(Section section) throws ConfigurationException {
    Inet4Address mask = section.ipv4("netmask");
    if (mask != null) {
      int host = ~bits(mask);
      if (bits(mask) == 0 || (host & (host + 1)) != 0) {
        throw section.wrong(
            "netmask",
            "'%s: %s' is no netmask: its ones stand before its zeros, as 255.255.255.0"
                .formatted(section.in("netmask"), mask.getHostAddress()));
      }
    }
    return mask;
  }

  private static int bits(Inet4Address address) {
    return ByteBuffer.wrap(address.getAddress()).getInt();
  }

  private static Set<String> with(Set<String> keys, String... more) {
    Set<String> all = new TreeSet<>(keys);
    all.addAll(List.of(more));
    return Set.copyOf(all);
  }
}
