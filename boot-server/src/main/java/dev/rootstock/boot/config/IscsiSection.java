// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.config;

import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.boot.config.Configuration.ChapMode;
import dev.rootstock.boot.config.Configuration.DiscoverySecret;
import dev.rootstock.boot.config.Configuration.Iscsi;
import dev.rootstock.boot.identity.Identities;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The section about the target. */
final class IscsiSection {
  private static final Set<String> ISCSI =
      Set.of("listen", "name-prefix", "chap", "discovery-chap");
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
        section.portals("listen", Iscsi.DEFAULTS.listen()),
        prefix,
        chap,
        discovery(file, section, chap));
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
