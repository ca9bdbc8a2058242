// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.config;

import dev.rootstock.boot.Limits;
import dev.rootstock.boot.config.Configuration.Http;
import dev.rootstock.boot.config.Configuration.Isns;
import dev.rootstock.boot.config.Configuration.Slp;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
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

  /** The launcher looks for this line too: a JVM takes its bounds at its start only. */
  private static final String MEMORY_LIMIT = "memory-limit";

  private static final Set<String> TOP =
      Set.of(
          "data",
          "server",
          "store",
          "iscsi",
          "dhcp",
          "slp",
          "tftp",
          "http",
          "isns",
          "unknown-clients",
          "takeover",
          "memory",
          MEMORY_LIMIT);
  private static final Set<String> SLP =
      Set.of("enabled", "scopes", "interface", "directory-agent", "register", "directories");

  /** RFC 2610 §4: what is left of option 79 beside its first byte. */
  private static final int SCOPES = 254;

  private static final Set<String> MEMORY = Set.of("directory", "disks");
  private static final Set<String> ISNS = Set.of("enabled", "listen");

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
    if (Files.isDirectory(file)) {
      throw new ConfigurationException(
          "%s is a folder: name the configuration file that is in it".formatted(file));
    }
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
      throw new ConfigurationException(
          "configuration file %s cannot be read: %s".formatted(file, e));
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
        DhcpSection.read(top.section("dhcp"), http),
        BootSections.bootFiles(file, top.section("tftp")),
        http,
        slp(top.section("slp")),
        isns(top.section("isns")),
        UnknownSection.read(top.section("unknown-clients")),
        top.flag("takeover", false),
        storeLimit(top.section("store")),
        memory(file, top.section("memory"), memoryLimit(top)));
  }

  private static long storeLimit(@Nullable Section store) throws ConfigurationException {
    if (store == null) {
      return Configuration.NO_LIMIT;
    }
    store.only(Set.of("limit"), Map.of());
    return store.size("limit", Configuration.NO_LIMIT);
  }

  private static long memoryLimit(Section top) throws ConfigurationException {
    long limit = top.size(MEMORY_LIMIT, Configuration.NO_LIMIT);
    if (limit < Limits.LEAST_MEMORY_BYTES) {
      throw top.wrong(
          MEMORY_LIMIT,
          "'%s: %s' is too little for the service: write %dM or more"
              .formatted(MEMORY_LIMIT, top.text(MEMORY_LIMIT), Limits.LEAST_MEMORY_BYTES >> 20));
    }
    return limit;
  }

  private static Configuration.Memory memory(Path file, @Nullable Section section, long limit)
      throws ConfigurationException {
    Configuration.Memory defaults = Configuration.Memory.DEFAULTS;
    if (section == null) {
      return new Configuration.Memory(defaults.directory(), limit, defaults.disks());
    }
    section.only(MEMORY, Map.of());
    String directory = section.text("directory");
    return new Configuration.Memory(
        directory == null ? defaults.directory() : file.resolveSibling(directory).normalize(),
        limit,
        section.size("disks", defaults.disks()));
  }

  private static Path data(Path file, Section top) throws ConfigurationException {
    String data = top.text("data");
    return data == null ? Configuration.DEFAULT_DATA : file.resolveSibling(data).normalize();
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
}
