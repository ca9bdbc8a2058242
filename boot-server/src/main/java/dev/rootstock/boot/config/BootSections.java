// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.config;

import dev.rootstock.boot.config.Configuration.BootFileSettings;
import dev.rootstock.boot.config.Configuration.Dhcp;
import dev.rootstock.boot.config.Configuration.Http;
import dev.rootstock.dhcp.BootProgram;
import dev.rootstock.dhcp.ServerName;
import dev.rootstock.dhcp.SyntaxException;
import java.net.Inet4Address;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The sections about what machines load before they have a disk. */
final class BootSections {
  private static final Set<String> TFTP =
      Set.of(
          "enabled",
          "root",
          "bios",
          "uefi-x64",
          "uefi-arm64",
          "uefi-x64-signed",
          "uefi-arm64-signed");
  private static final Set<String> HTTP = Set.of("listen", "templates");
  private static final Pattern MTU = Pattern.compile("[1-9][0-9]{1,4}");

  /** RFC 2132 §5.1, and what a 16-bit option holds. */
  private static final int LEAST_MTU = 68;

  private static final int MOST_MTU = 65_535;

  private BootSections() {}

  static BootFileSettings bootFiles(Path file, @Nullable Section section)
      throws ConfigurationException {
    BootFileSettings otherwise = BootFileSettings.DEFAULTS;
    if (section == null) {
      return otherwise;
    }
    section.only(TFTP, Map.of());
    String root = section.text("root");
    String arm64 = program(section, "uefi-arm64");
    String bios = program(section, "bios");
    String x64 = program(section, "uefi-x64");
    return new BootFileSettings(
        section.flag("enabled", false),
        root == null ? otherwise.root() : file.resolveSibling(root).normalize(),
        bios == null ? otherwise.bios() : bios,
        x64 == null ? otherwise.uefiX64() : x64,
        arm64,
        program(section, "uefi-x64-signed"),
        program(section, "uefi-arm64-signed"));
  }

  static Http http(Path file, @Nullable Section section) throws ConfigurationException {
    if (section == null) {
      return Http.OFF;
    }
    section.only(HTTP, Map.of());
    String templates = section.text("templates");
    return new Http(
        section.portals("listen", List.of()),
        templates == null ? null : file.resolveSibling(templates).normalize());
  }

  static Dhcp.Facts facts(Section section) throws ConfigurationException {
    String domain = section.text("domain");
    if (domain != null) {
      try {
        ServerName.parse(domain);
      } catch (SyntaxException e) {
        throw section.wrong(
            "domain", "'dhcp.domain: %s' is no domain name (%s)".formatted(domain, e.problem()));
      }
    }
    String mtu = section.text("mtu");
    if (mtu != null
        && (!MTU.matcher(mtu).matches()
            || Integer.parseInt(mtu) < LEAST_MTU
            || Integer.parseInt(mtu) > MOST_MTU)) {
      throw section.wrong(
          "mtu",
          "'dhcp.mtu: %s' is no size of a packet: write %d to %d, as 1500"
              .formatted(mtu, LEAST_MTU, MOST_MTU));
    }
    return new Dhcp.Facts(
        addresses(section, "name-servers"),
        addresses(section, "ntp-servers"),
        domain,
        mtu == null ? 0 : Integer.parseInt(mtu));
  }

  private static List<Inet4Address> addresses(Section section, String key)
      throws ConfigurationException {
    List<Inet4Address> addresses = new ArrayList<>();
    for (String text : section.texts(key, List.of())) {
      addresses.add(section.ipv4(key, text));
    }
    return addresses;
  }

  private static @Nullable String program(Section section, String key)
      throws ConfigurationException {
    String name = section.text(key);
    if (name != null) {
      try {
        BootProgram _ = new BootProgram(name);
      } catch (IllegalArgumentException e) {
        throw section.wrong(
            key,
            "'tftp.%s: %s' is no name of a boot file: printable ASCII without blanks"
                .formatted(key, name));
      }
    }
    return name;
  }
}
