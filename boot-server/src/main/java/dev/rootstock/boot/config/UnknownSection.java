// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.config;

import dev.rootstock.boot.Limits;
import dev.rootstock.boot.clients.GroupName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.clients.NamePattern;
import dev.rootstock.boot.config.Configuration.Unknown;
import java.net.Inet4Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The section about machines that are no clients. */
final class UnknownSection {
  private static final String ENROL = "enrol";
  private static final Set<String> RULE =
      Set.of("image", "group", "mode", "name", "limit", "rate", "subnet", "relay", "mac-prefix");
  private static final Set<String> KEYS =
      Set.of(
          "policy",
          "image",
          "group",
          "mode",
          "name",
          "limit",
          "rate",
          "subnet",
          "relay",
          "mac-prefix");

  private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,5}");
  private static final Pattern RATE = Pattern.compile("([1-9][0-9]{0,4})/([smh])");
  private static final Pattern NETWORK = Pattern.compile("([0-9.]+)/([0-9]|[12][0-9]|3[0-2])");
  private static final Pattern CARDS = Pattern.compile("[0-9a-f]{2}([:-][0-9a-f]{2}){0,5}");

  private UnknownSection() {}

  static Unknown read(@Nullable Section section) throws ConfigurationException {
    if (section == null) {
      return Unknown.IGNORE;
    }
    section.only(KEYS, Map.of());
    String policy =
        section.choice("policy", "ignore", List.of("ignore", "pending", ENROL), Map.of());
    if (!policy.equals(ENROL)) {
      for (String key : RULE) {
        if (section.has(key)) {
          throw section.wrong(
              key,
              "'unknown-clients.%s' is for 'policy: enrol', and the policy is %s"
                  .formatted(key, policy));
        }
      }
      return policy.equals("pending") ? Unknown.PENDING : Unknown.IGNORE;
    }
    return new Unknown.Enrol(rule(section));
  }

  private static EnrolRule rule(Section section) throws ConfigurationException {
    ImageReference image = value(section, "image", ImageReference::parse);
    GroupName group = value(section, "group", GroupName::new);
    if (image == null && group == null) {
      throw section.wrong(
          "policy",
          "'policy: enrol' needs 'image' or 'group': what the disks of new clients are made from");
    }
    List<EnrolRule.Network> subnets = new ArrayList<>();
    for (String text : section.texts("subnet", List.of())) {
      subnets.add(network(section, text));
    }
    List<Inet4Address> relays = new ArrayList<>();
    for (String text : section.texts("relay", List.of())) {
      relays.add(section.ipv4("relay", text));
    }
    List<EnrolRule.CardPrefix> cards = new ArrayList<>();
    for (String text : section.texts("mac-prefix", List.of())) {
      cards.add(cards(section, text));
    }
    if (subnets.isEmpty() && relays.isEmpty() && cards.isEmpty()) {
      throw section.wrong(
          "policy",
          "'policy: enrol' needs a rule: 'subnet', 'relay' or 'mac-prefix', or whatever is plugged"
              + " in becomes a client");
    }
    NamePattern names = value(section, "name", NamePattern::new);
    Matcher rate = rate(section);
    return new EnrolRule(
        image,
        group,
        value(section, "mode", Mode::parse),
        names == null ? NamePattern.BY_MAC : names,
        limit(section),
        Integer.parseInt(rate.group(1)),
        switch (rate.group(2)) {
          case "s" -> 1;
          case "m" -> 60;
          default -> 3_600;
        },
        subnets,
        relays,
        cards);
  }

  private static int limit(Section section) throws ConfigurationException {
    String text = section.text("limit");
    if (text == null) {
      return Limits.ENROLLED;
    }
    if (!NUMBER.matcher(text).matches() || Integer.parseInt(text) > Limits.CLIENTS) {
      throw section.wrong(
          "limit",
          "'unknown-clients.limit: %s' is no number of clients: write 1 to %d"
              .formatted(text, Limits.CLIENTS));
    }
    return Integer.parseInt(text);
  }

  private static Matcher rate(Section section) throws ConfigurationException {
    String text = section.text("rate");
    Matcher matcher = RATE.matcher(text == null ? Limits.ENROL_RATE : text);
    if (!matcher.matches()) {
      throw section.wrong(
          "rate",
          "'unknown-clients.rate: %s' is no rate: write a number and /s, /m or /h, as %s"
              .formatted(text, Limits.ENROL_RATE));
    }
    return matcher;
  }

  private static EnrolRule.Network network(Section section, String text)
      throws ConfigurationException {
    Matcher matcher = NETWORK.matcher(text);
    if (!matcher.matches()) {
      throw section.wrong(
          "subnet",
          "'unknown-clients.subnet: %s' is no network: write one as 10.77.0.0/24".formatted(text));
    }
    return new EnrolRule.Network(
        section.ipv4("subnet", matcher.group(1)), Integer.parseInt(matcher.group(2)));
  }

  private static EnrolRule.CardPrefix cards(Section section, String text)
      throws ConfigurationException {
    String lower = text.toLowerCase(Locale.ROOT);
    if (!CARDS.matcher(lower).matches()) {
      throw section.wrong(
          "mac-prefix",
          "'unknown-clients.mac-prefix: %s' is no beginning of a MAC address: write one as 52:54:00"
              .formatted(text));
    }
    String digits = lower.replaceAll("[:-]", "");
    return new EnrolRule.CardPrefix(Long.parseLong(digits, 16), digits.length() / 2);
  }

  private static <T> @Nullable T value(Section section, String key, Function<String, T> parse)
      throws ConfigurationException {
    String text = section.text(key);
    if (text == null) {
      return null;
    }
    try {
      return parse.apply(text);
    } catch (InvalidClientException e) {
      throw section.wrong(key, "'unknown-clients.%s': %s".formatted(key, e.getMessage()));
    }
  }
}
