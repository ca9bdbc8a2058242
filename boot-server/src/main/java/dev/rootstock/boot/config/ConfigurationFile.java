// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.config;

import dev.rootstock.boot.Limits;
import dev.rootstock.boot.config.Configuration.Dhcp;
import dev.rootstock.boot.config.Configuration.Http;
import dev.rootstock.boot.config.Configuration.Isns;
import dev.rootstock.boot.config.Configuration.Slp;
import dev.rootstock.boot.config.Configuration.Unknown;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where the configuration comes from and what may stand in it. What is only planned is refused by
 * name: a key that did nothing would be a lie.
 */
public final class ConfigurationFile {
  private static final List<Path> PLACES =
      List.of(Path.of("rootstock.yaml"), Path.of("/etc/rootstock/rootstock.yaml"));

  private static final Set<String> TOP =
      Set.of(
          "data",
          "server",
          "iscsi",
          "dhcp",
          "slp",
          "tftp",
          "http",
          "isns",
          "unknown-clients",
          "takeover");
  private static final Set<String> DHCP =
      Set.of(
          "mode",
          "interface",
          "range",
          "router",
          "netmask",
          "lease",
          "router-advertisements",
          "name-servers",
          "ntp-servers",
          "domain",
          "mtu",
          "ipxe");
  private static final Set<String> SLP =
      Set.of("enabled", "scopes", "interface", "directory-agent", "register", "directories");

  /** RFC 2610 §4: what is left of option 79 beside its first byte. */
  private static final int SCOPES = 254;

  private static final Set<String> ISNS = Set.of("enabled", "listen");

  private static final Duration LEASE = Duration.ofHours(1);
  private static final Duration LEAST_LEASE = Duration.ofMinutes(1);

  private ConfigurationFile() {}

  /**
   * Reads the given file; where none is given {@code ./rootstock.yaml}, else {@code
   * /etc/rootstock/rootstock.yaml}, else the built-in defaults hold.
   */
  public static Configuration load(@Nullable Path given) throws ConfigurationException {
    if (given != null) {
      return read(given);
    }
    for (Path place : PLACES) {
      if (Files.exists(place)) {
        return read(place);
      }
    }
    return Configuration.defaults();
  }

  /** Reads one file. */
  static Configuration read(Path file) throws ConfigurationException {
    String text;
    try {
      if (Files.size(file) > Limits.CONFIG_BYTES) {
        throw new ConfigurationException(
            "%s is too long for a configuration: at most %d bytes"
                .formatted(file, Limits.CONFIG_BYTES));
      }
      text = Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(
          "configuration file %s is not there: name another with --config".formatted(file));
    } catch (CharacterCodingException e) {
      throw new ConfigurationException("%s is no UTF-8 text".formatted(file));
    } catch (IOException e) {
      throw new ConfigurationException("%s cannot be read: %s".formatted(file, e.getMessage()));
    }
    return parse(file, text);
  }

  /** Reads a file's text; a relative data directory lies beside the file. */
  static Configuration parse(Path file, String text) throws ConfigurationException {
    String name = file.toString();
    Section top = Section.of(name, "", Yaml.parse(name, text));
    top.only(TOP, Map.of());
    Http http = BootSections.http(file, top.section("http"));
    return new Configuration(
        data(file, top),
        top.host("server"),
        IscsiSection.read(file, top.section("iscsi")),
        dhcp(top.section("dhcp"), http),
        BootSections.bootFiles(file, top.section("tftp")),
        http,
        slp(top.section("slp")),
        isns(top.section("isns")),
        unknown(top.section("unknown-clients")),
        top.flag("takeover", false));
  }

  private static Path data(Path file, Section top) throws ConfigurationException {
    String data = top.text("data");
    return data == null ? Configuration.DEFAULT_DATA : file.resolveSibling(data).normalize();
  }

  private static Dhcp dhcp(@Nullable Section section, Http http) throws ConfigurationException {
    if (section == null) {
      return Dhcp.OFF;
    }
    section.only(DHCP, Map.of());
    String mode = section.choice("mode", "off", List.of("server", "proxy", "off"), Map.of());
    String networkInterface = section.networkInterface("interface");
    Inet4Address[] range = range(section);
    boolean noRouter = "none".equals(section.text("router"));
    Inet4Address router = noRouter ? null : section.ipv4("router");
    Inet4Address netmask = netmask(section);
    Duration lease = section.duration("lease", LEASE, LEAST_LEASE);
    Dhcp.Facts facts = BootSections.facts(section);
    boolean advertise = section.flag("router-advertisements", !mode.equals("proxy"));
    if (section.text("mode") == null && (networkInterface != null || range != null)) {
      throw section.wrong(
          networkInterface != null ? "interface" : "range",
          "'dhcp' without 'dhcp.mode' is off: add 'mode: server', or 'mode: off' to keep the rest");
    }
    if (router != null && (router.isAnyLocalAddress() || router.isMulticastAddress())) {
      throw section.wrong(
          "router",
          "'dhcp.router: %s' is no address of a router: write one of the network, or none"
              .formatted(router.getHostAddress()));
    }
    if (mode.equals("off")) {
      return Dhcp.OFF;
    }
    if (networkInterface == null) {
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
      if (range != null) {
        throw section.wrong(
            "range", "'dhcp.mode: proxy' gives no addresses: leave 'dhcp.range' out");
      }
      return new Dhcp.Proxy(networkInterface, advertise);
    }
    if (range == null) {
      throw section.wrong(
          "mode", "'dhcp.mode: server' needs 'dhcp.range', as 10.77.0.100-10.77.0.199");
    }
    return new Dhcp.Server(
        networkInterface, range[0], range[1], router, netmask, lease, advertise, facts, scripted);
  }

  private static Inet4Address @Nullable [] range(Section section) throws ConfigurationException {
    String text = section.text("range");
    if (text == null) {
      return null;
    }
    String[] ends = text.split("-", -1);
    if (ends.length != 2) {
      throw section.wrong(
          "range", "'dhcp.range: %s' is no range: write FIRST-LAST".formatted(text));
    }
    Inet4Address first = section.ipv4("range", ends[0].strip());
    Inet4Address last = section.ipv4("range", ends[1].strip());
    if (Integer.compareUnsigned(bits(first), bits(last)) > 0) {
      throw section.wrong(
          "range", "'dhcp.range: %s' ends before it begins: write FIRST-LAST".formatted(text));
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
            "'dhcp.netmask: %s' is no netmask: its ones stand before its zeros, as 255.255.255.0"
                .formatted(mask.getHostAddress()));
      }
    }
    return mask;
  }

  private static Slp slp(@Nullable Section section) throws ConfigurationException {
    if (section == null) {
      return Slp.OFF;
    }
    section.only(SLP, Map.of());
    List<String> scopes = section.texts("scopes", List.of("DEFAULT"));
    for (String scope : scopes) {
      // RFC 2608 §5: the reserved characters, which would need an escape in a scope list.
      if (!scope.chars().allMatch(c -> c >= 0x20 && c != 0x7F && "(),\\!<=>~;*+".indexOf(c) < 0)) {
        throw section.wrong(
            "scopes",
            "'%s' is no scope: it holds a character that SLP reserves, one of ( ) , \\ ! < = > ~ ; * +"
                .formatted(scope));
      }
    }
    if (String.join(",", scopes).getBytes(StandardCharsets.UTF_8).length > SCOPES) {
      throw section.wrong(
          "scopes",
          "'slp.scopes' has more than the %d bytes that option 79 tells clients".formatted(SCOPES));
    }
    String networkInterface = section.networkInterface("interface");
    boolean directoryAgent = section.flag("directory-agent", false);
    boolean registering = section.flag("register", true);
    List<Inet4Address> directories = section.ipv4s("directories");
    return section.flag("enabled", false)
        ? new Slp.Agent(scopes, networkInterface, directoryAgent, registering, directories)
        : Slp.OFF;
  }

  private static Isns isns(@Nullable Section section) throws ConfigurationException {
    if (section == null) {
      return Isns.OFF;
    }
    section.only(ISNS, Map.of());
    List<InetSocketAddress> listen = section.portals("listen", List.of());
    if (listen.size() > 1) {
      throw section.wrong("listen", "'isns.listen' is one address: clients are told of one");
    }
    return section.flag("enabled", false)
        ? new Isns.Server(listen.isEmpty() ? null : listen.getFirst())
        : Isns.OFF;
  }

  private static Unknown unknown(@Nullable Section section) throws ConfigurationException {
    if (section == null) {
      return Unknown.IGNORE;
    }
    section.only(Set.of("policy"), Map.of());
    String later = "it comes with a later version; write pending, and approve machines by hand";
    String policy =
        section.choice("policy", "ignore", List.of("ignore", "pending"), Map.of("enrol", later));
    return policy.equals("pending") ? Unknown.PENDING : Unknown.IGNORE;
  }

  private static int bits(Inet4Address address) {
    return ByteBuffer.wrap(address.getAddress()).getInt();
  }
}
