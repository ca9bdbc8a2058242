// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.config;

import dev.rootstock.dhcp.ServerName;
import dev.rootstock.dhcp.SyntaxException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A mapping of the file, read key by key: every getter either understands the value or says, with
 * file and line, what would be understood.
 */
final class Section {
  private static final Pattern DURATION = Pattern.compile("([1-9][0-9]{0,8})([smhd])");
  private static final Pattern MICROSECONDS = Pattern.compile("(\\d{1,6})us");
  private static final Pattern INTERFACE = Pattern.compile("[^\\s/:]{1,15}");
  private static final Pattern PORT = Pattern.compile("[0-9]{1,5}");

  private final String file;
  private final String path;
  private final Yaml.Mapping mapping;

  private Section(String file, String path, Yaml.Mapping mapping) {
    this.file = file;
    this.path = path;
    this.mapping = mapping;
  }

  static Section of(String file, String path, Yaml yaml) throws ConfigurationException {
    if (yaml instanceof Yaml.Mapping mapping) {
      return new Section(file, path, mapping);
    }
    // A key with nothing behind it is a section with nothing in it.
    if (yaml instanceof Yaml.Scalar scalar && scalar.text().isEmpty()) {
      return new Section(file, path, new Yaml.Mapping(scalar.line(), Map.of()));
    }
    throw new ConfigurationException(
        "%s:%d: %s holds keys and values, as 'key: value'"
            .formatted(file, yaml.line(), path.isEmpty() ? "the file" : "'" + path + "'"));
  }

  /** Refuses every key that is neither known nor known to come later. */
  void only(Set<String> known, Map<String, String> later) throws ConfigurationException {
    for (Map.Entry<String, Yaml.Entry> entry : mapping.entries().entrySet()) {
      String key = entry.getKey();
      String instead = later.get(key);
      if (instead != null) {
        throw wrong(
            entry.getValue().line(), "'%s' is not there yet: %s".formatted(in(key), instead));
      }
      if (!known.contains(key)) {
        throw wrong(
            entry.getValue().line(),
            "unknown key '%s': use one of %s"
                .formatted(in(key), String.join(", ", new TreeSet<>(known))));
      }
    }
  }

  boolean has(String key) {
    return mapping.entries().containsKey(key);
  }

  /** Whether keys and values stand behind a key, and no single value or list. */
  boolean isMapping(String key) {
    Yaml.Entry entry = mapping.entries().get(key);
    return entry != null && entry.value() instanceof Yaml.Mapping;
  }

  /** Its keys, in the file's order. */
  Set<String> keys() {
    return mapping.entries().keySet();
  }

  @Nullable Section section(String key) throws ConfigurationException {
    Yaml.Entry entry = mapping.entries().get(key);
    return entry == null ? null : of(file, in(key), entry.value());
  }

  /** The mappings of a list; none where it is not there. */
  List<Section> sections(String key) throws ConfigurationException {
    Yaml.Entry entry = mapping.entries().get(key);
    if (entry == null) {
      return List.of();
    }
    if (!(entry.value() instanceof Yaml.Sequence sequence)) {
      throw wrong(entry.line(), "'%s' is a list: begin each entry with '-'".formatted(in(key)));
    }
    List<Section> sections = new ArrayList<>();
    for (Yaml item : sequence.items()) {
      sections.add(of(file, "%s[%d]".formatted(in(key), sections.size() + 1), item));
    }
    return sections;
  }

  /** The text of a key, or null where it is not there. */
  @Nullable String text(String key) throws ConfigurationException {
    Yaml.Entry entry = mapping.entries().get(key);
    if (entry == null) {
      return null;
    }
    if (entry.value() instanceof Yaml.Scalar scalar && !scalar.text().isBlank()) {
      return scalar.text().strip();
    }
    throw wrong(
        entry.line(),
        entry.value() instanceof Yaml.Scalar
            ? "'%s' is one value, and it is missing here".formatted(in(key))
            : "'%s' is one value, and not a list or keys with values".formatted(in(key)));
  }

  List<String> texts(String key, List<String> otherwise) throws ConfigurationException {
    Yaml.Entry entry = mapping.entries().get(key);
    if (entry == null) {
      return otherwise;
    }
    List<String> texts = new ArrayList<>();
    if (entry.value() instanceof Yaml.Sequence sequence) {
      for (Yaml item : sequence.items()) {
        if (!(item instanceof Yaml.Scalar scalar) || scalar.text().isBlank()) {
          throw wrong(item.line(), "'%s' is a list of single values".formatted(in(key)));
        }
        texts.add(scalar.text().strip());
      }
    } else {
      String single = text(key);
      texts.add(single == null ? "" : single);
    }
    if (texts.isEmpty()) {
      throw wrong(entry.line(), "'%s' has to name at least one".formatted(in(key)));
    }
    return texts;
  }

  String choice(String key, String otherwise, List<String> allowed, Map<String, String> later)
      throws ConfigurationException {
    String text = text(key);
    if (text == null) {
      return otherwise;
    }
    if (later.containsKey(text)) {
      throw wrong(key, "'%s: %s' is not there yet: %s".formatted(in(key), text, later.get(text)));
    }
    if (!allowed.contains(text)) {
      throw wrong(
          key,
          "'%s: %s' is not known: use %s".formatted(in(key), text, String.join(" or ", allowed)));
    }
    return text;
  }

  boolean flag(String key, boolean otherwise) throws ConfigurationException {
    return choice(key, Boolean.toString(otherwise), List.of("true", "false"), Map.of())
        .equals("true");
  }

  /** A size in bytes of at least 1. */
  long size(String key, long otherwise) throws ConfigurationException {
    String text = text(key);
    if (text == null) {
      return otherwise;
    }
    long bytes = Bytes.parse(text).orElse(0);
    if (bytes == 0) {
      throw wrong(
          key,
          "'%s: %s' is no size: write bytes, or a number with K, M, G or T, as 500G"
              .formatted(in(key), text));
    }
    return bytes;
  }

  @Nullable String networkInterface(String key) throws ConfigurationException {
    String text = text(key);
    if (text != null && !INTERFACE.matcher(text).matches()) {
      throw wrong(key, "'%s: %s' is no name of an interface".formatted(in(key), text));
    }
    return text;
  }

  @Nullable String host(String key) throws ConfigurationException {
    String text = text(key);
    if (text != null) {
      try {
        ServerName.ofHost(text);
      } catch (SyntaxException e) {
        throw wrong(
            key,
            "'%s: %s' is neither an address nor a host name (%s)"
                .formatted(in(key), text, e.problem()));
      }
    }
    return text;
  }

  Duration duration(String key, Duration otherwise, Duration least) throws ConfigurationException {
    String text = text(key);
    if (text == null) {
      return otherwise;
    }
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      throw wrong(
          key,
          "'%s: %s' is no duration: write a number and s, m, h or d, as 1h"
              .formatted(in(key), text));
    }
    long count = Long.parseLong(matcher.group(1));
    Duration duration =
        switch (matcher.group(2)) {
          case "s" -> Duration.ofSeconds(count);
          case "m" -> Duration.ofMinutes(count);
          case "h" -> Duration.ofHours(count);
          default -> Duration.ofDays(count);
        };
    // Option 51 has 32 bits of seconds, and all ones mean for ever (RFC 2132 §9.2).
    if (duration.compareTo(least) < 0 || duration.toSeconds() >= 0xFFFF_FFFFL) {
      throw wrong(
          key,
          "'%s: %s' is out of range: at least %ds, and less than 136 years"
              .formatted(in(key), text, least.toSeconds()));
    }
    return duration;
  }

  /** A number of microseconds, zero where the key is not there. */
  Duration microseconds(String key, Duration most) throws ConfigurationException {
    String text = text(key);
    if (text == null) {
      return Duration.ZERO;
    }
    Matcher matcher = MICROSECONDS.matcher(text);
    Duration duration =
        matcher.matches()
            ? Duration.of(Integer.parseInt(matcher.group(1)), ChronoUnit.MICROS)
            : null;
    if (duration == null || duration.compareTo(most) > 0) {
      throw wrong(
          key,
          "'%s: %s' is not from 0us to %dus: write a number and us, as 100us"
              .formatted(in(key), text, most.toNanos() / 1000));
    }
    return duration;
  }

  @Nullable Inet4Address ipv4(String key) throws ConfigurationException {
    String text = text(key);
    return text == null ? null : ipv4(key, text);
  }

  /** Addresses, none where the key is not there. */
  List<Inet4Address> ipv4s(String key) throws ConfigurationException {
    List<Inet4Address> addresses = new ArrayList<>();
    for (String text : texts(key, List.of())) {
      addresses.add(ipv4(key, text));
    }
    return addresses;
  }

  Inet4Address ipv4(String key, String text) throws ConfigurationException {
    try {
      // "10.1" and plain numbers are addresses too for ofLiteral; people mean four numbers.
      if (text.chars().filter(c -> c == '.').count() == 3
          && InetAddress.ofLiteral(text) instanceof Inet4Address address) {
        return address;
      }
    } catch (IllegalArgumentException e) {
      // said below
    }
    throw wrong(
        key,
        "'%s' of '%s' is no IPv4 address: write four numbers from 0 to 255, as 10.77.0.1"
            .formatted(text, in(key)));
  }

  List<InetSocketAddress> portals(String key, List<InetSocketAddress> otherwise)
      throws ConfigurationException {
    if (!has(key)) {
      return otherwise;
    }
    List<InetSocketAddress> portals = new ArrayList<>();
    for (String text : texts(key, List.of())) {
      InetSocketAddress portal = portal(key, text);
      if (portal.getPort() != 0 && portals.contains(portal)) {
        throw wrong(key, "'%s' stands twice in '%s'".formatted(text, in(key)));
      }
      portals.add(portal);
    }
    return portals;
  }

  private InetSocketAddress portal(String key, String text) throws ConfigurationException {
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? "" : text.substring(0, colon);
    String port = colon < 0 ? "" : text.substring(colon + 1);
    try {
      ServerName name = ServerName.parse(host);
      if (name.isLiteral() && PORT.matcher(port).matches() && Integer.parseInt(port) <= 65535) {
        String literal = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        return new InetSocketAddress(InetAddress.ofLiteral(literal), Integer.parseInt(port));
      }
    } catch (SyntaxException e) {
      // said below
    }
    throw wrong(
        key,
        "'%s' of '%s' is no address to listen on: write ADDRESS:PORT, as 0.0.0.0:3260 or [::]:3260"
            .formatted(text, in(key)));
  }

  /** A portal as it is written. */
  static String text(InetSocketAddress portal) {
    return ServerName.of(portal.getAddress()).text() + ":" + portal.getPort();
  }

  ConfigurationException wrong(String key, String message) {
    Yaml.Entry entry = mapping.entries().get(key);
    return wrong(entry == null ? mapping.line() : entry.line(), message);
  }

  private ConfigurationException wrong(int line, String message) {
    return new ConfigurationException("%s:%d: %s".formatted(file, line, message));
  }

  /** A key as messages name it, with its sections in front. */
  String in(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }
}
