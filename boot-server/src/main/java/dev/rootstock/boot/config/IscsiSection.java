// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.config;

import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.boot.config.Configuration.ChapMode;
import dev.rootstock.boot.config.Configuration.DiscoverySecret;
import dev.rootstock.boot.config.Configuration.Iscsi;
import dev.rootstock.boot.identity.Identities;
import dev.rootstock.target.Portal;
import dev.rootstock.target.scsi.Limits;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The section about the target. */
final class IscsiSection {
  private static final String LISTEN = "listen";
  private static final String SPIN = "spin";
  private static final Set<String> ISCSI =
      Set.of(LISTEN, "name-prefix", "chap", "discovery-chap", SPIN, "pacing");
  private static final Pattern TAG = Pattern.compile("[1-9][0-9]{0,4}");
  private static final Set<String> DISCOVERY_CHAP = Set.of("user", "secret-file");

  private IscsiSection() {}

  static Iscsi read(Path file, @Nullable Section section) throws ConfigurationException {
    if (section == null) {
      return Iscsi.DEFAULTS;
    }
    section.only(ISCSI, Map.of());
    String mode =
        section.choice(
            "chap",
            ChapMode.PER_CLIENT.text(),
            Arrays.stream(ChapMode.values()).map(ChapMode::text).toList(),
            Map.of());
    ChapMode chap =
        Arrays.stream(ChapMode.values())
            .filter(m -> m.text().equals(mode))
            .findFirst()
            .orElseThrow();
    String prefix = section.text("name-prefix");
    if (prefix != null) {
      try {
        Identities.checkedPrefix(prefix);
      } catch (InvalidClientException e) {
        throw section.wrong("name-prefix", String.valueOf(e.getMessage()));
      }
    }
    return new Iscsi(
        portals(section),
        prefix,
        chap,
        discovery(file, section, chap),
        section.microseconds(SPIN, dev.rootstock.target.wire.Limits.SPIN),
        section.flag("pacing", false));
  }

  /** A list is one portal group; where there are several, each has its tag for a key. */
  private static List<Portal> portals(Section iscsi) throws ConfigurationException {
    if (!iscsi.isMapping(LISTEN)) {
      return iscsi.has(LISTEN)
          ? iscsi.portals(LISTEN, List.of()).stream().map(Portal::new).toList()
          : Iscsi.DEFAULTS.listen();
    }
    Section groups = Objects.requireNonNull(iscsi.section(LISTEN));
    List<Portal> portals = new ArrayList<>();
    for (String tag : groups.keys()) {
      int group = TAG.matcher(tag).matches() ? Integer.parseInt(tag) : 0;
      if (group < 1 || group > 0xFFFF) {
        throw groups.wrong(
            tag,
            "'%s' of 'iscsi.listen' is no portal group: write a number from 1 to 65535"
                .formatted(tag));
      }
      for (InetSocketAddress address : groups.portals(tag, List.of())) {
        if (address.getPort() != 0
            && portals.stream().anyMatch(portal -> portal.address().equals(address))) {
          throw groups.wrong(
              tag,
              "'%s' of portal group %d is in another group too: a portal has one"
                  .formatted(Section.text(address), group));
        }
        portals.add(new Portal(address, group));
      }
    }
    if (portals.isEmpty() || groups.keys().size() > Limits.MAX_TARGET_PORTS) {
      throw iscsi.wrong(
          LISTEN,
          "'iscsi.listen' has to name 1 to %d portal groups".formatted(Limits.MAX_TARGET_PORTS));
    }
    return portals;
  }

  private static @Nullable DiscoverySecret discovery(Path file, Section iscsi, ChapMode chap)
      throws ConfigurationException {
    Section section = iscsi.section("discovery-chap");
    if (section == null) {
      return null;
    }
    section.only(DISCOVERY_CHAP, Map.of());
    String user = section.text("user");
    String secret = section.text("secret-file");
    if (user == null || secret == null || chap == ChapMode.NONE) {
      throw iscsi.wrong(
          "discovery-chap",
          chap == ChapMode.NONE
              ? "'iscsi.discovery-chap' means nothing while 'iscsi.chap' is none: take one out"
              : "'iscsi.discovery-chap' needs 'user' and 'secret-file'");
    }
    return new DiscoverySecret(user, file.resolveSibling(secret).normalize());
  }
}
