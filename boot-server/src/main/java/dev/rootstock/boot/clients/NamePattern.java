// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How machines are called that nobody named: text with at least one of {@code {mac}} (twelve
 * hexadecimal digits), {@code {uuid}} (thirty-two) and {@code {number}} (the lowest that makes a
 * name nobody has). What fills a gap consists of digits and a to f only, so no packet can write a
 * name.
 */
public record NamePattern(String text) {
  private static final Pattern GAP = Pattern.compile("\\{([^{}]*)}");
  private static final String MAC = "mac";
  private static final String UUID_GAP = "uuid";
  private static final String NUMBER = "number";

  /** A pattern that gives each network card a name of its own. */
  public static final NamePattern BY_MAC = new NamePattern("{mac}");

  public NamePattern {
    List<String> gaps = GAP.matcher(text).results().map(gap -> gap.group(1)).toList();
    if (gaps.isEmpty() || !List.of(MAC, UUID_GAP, NUMBER).containsAll(gaps)) {
      throw wrong(text, "it needs {mac}, {uuid} or {number}, and knows no other");
    }
    try {
      // The longest name that it can make; what is no gap has to be allowed in names.
      filled(text, new MacAddress(1), new UUID(0, 0), Integer.MAX_VALUE);
    } catch (InvalidClientException e) {
      throw wrong(text, String.valueOf(e.getMessage()));
    }
  }

  /** Whether a machine has to tell its UUID. */
  public boolean needsUuid() {
    return text.contains("{" + UUID_GAP + "}");
  }

  /** Whether there are several names for one machine, by number. */
  public boolean numbers() {
    return text.contains("{" + NUMBER + "}");
  }

  /**
   * A machine's name.
   *
   * @param number from 1 on; of no meaning where {@link #numbers} says no
   * @return empty where it does not tell what the pattern needs
   */
  public Optional<ClientName> name(MacAddress mac, Optional<UUID> uuid, int number) {
    return needsUuid() && uuid.isEmpty()
        ? Optional.empty()
        : Optional.of(filled(text, mac, uuid.orElseGet(() -> new UUID(0, 0)), number));
  }

  private static ClientName filled(String text, MacAddress mac, UUID uuid, int number) {
    return new ClientName(
        GAP.matcher(text)
            .replaceAll(
                gap ->
                    Matcher.quoteReplacement(
                        switch (gap.group(1)) {
                          case MAC -> HexFormat.of().toHexDigits(mac.bits(), 12);
                          case UUID_GAP -> uuid.toString().replace("-", "");
                          default -> Integer.toString(number);
                        })));
  }

  private static InvalidClientException wrong(String text, String why) {
    return new InvalidClientException(
        "'%s' is no pattern of names (%s): write one as lab-{mac}"
            .formatted(Text.shown(text), why));
  }
}
