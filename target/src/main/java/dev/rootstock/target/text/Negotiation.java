// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.text;

import dev.rootstock.target.wire.Limits;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One connection's negotiation, from the target's side: takes what the initiator offers, answers by
 * the table, and keeps what was agreed on (RFC 7143 §6.2).
 */
public final class Negotiation {
  private static final String YES = "Yes";
  private static final String NO = "No";

  private final Map<TextKey, String> agreed = new EnumMap<>(TextKey.class);
  private final Set<TextKey> seen = EnumSet.noneOf(TextKey.class);
  private final Set<String> unknown = new HashSet<>();

  /**
   * Takes a text and adds the answers to it.
   *
   * @throws NegotiationException when the negotiation has failed; nothing of this text counts then
   */
  public void receive(
      KeyValues offered, Phase phase, boolean discovery, List<KeyValues.Pair> answers)
      throws NegotiationException {
    for (KeyValues.Pair pair : offered.pairs()) {
      TextKey key = TextKey.of(pair.key());
      if (key == null) {
        refuse(pair.key(), answers);
        continue;
      }
      if (!key.allowedIn(phase)) {
        throw NegotiationException.of(key, "not allowed in this phase");
      }
      // §6.3: a second offer of a key is an error that a target has to detect.
      if (!seen.add(key)) {
        throw NegotiationException.of(key, "negotiated twice");
      }
      String answer =
          discovery && key.irrelevantToDiscovery() ? "Irrelevant" : answer(key, pair.value());
      if (answer != null) {
        answers.add(new KeyValues.Pair(key.text(), answer));
      }
    }
  }

  private void refuse(String name, List<KeyValues.Pair> answers) throws NegotiationException {
    if (!unknown.add(name) || unknown.size() > Limits.TEXT_KEYS) {
      throw NegotiationException.malformed("an unknown key twice, or too many of them");
    }
    answers.add(new KeyValues.Pair(name, "NotUnderstood"));
  }

  /** The answer to one key, or null when it needs none. */
  private @Nullable String answer(TextKey key, String value) throws NegotiationException {
    return switch (key.rule()) {
      case Rule.Choice(List<String> supported) -> agree(key, choose(key, value, supported));
      case Rule.Minimum(int ours, int low, int high) ->
          agree(key, Long.toString(Math.min(ours, number(key, value, low, high))));
      case Rule.Maximum(int ours, int low, int high) ->
          agree(key, Long.toString(Math.max(ours, number(key, value, low, high))));
      case Rule.And(boolean ours) -> agree(key, yes(key, value) && ours ? YES : NO);
      case Rule.Or(boolean ours) -> agree(key, yes(key, value) || ours ? YES : NO);
      case Rule.DeclaredNumber(int low, int high) -> {
        agree(key, Long.toString(number(key, value, low, high)));
        yield null;
      }
      case Rule.Declared(int maxBytes) -> {
        if (value.getBytes(StandardCharsets.UTF_8).length > maxBytes) {
          throw NegotiationException.of(key, "longer than " + maxBytes + " bytes");
        }
        agree(key, value);
        yield null;
      }
      case Rule.Obsolete(String only) -> only;
      case Rule.TargetOnly() -> throw NegotiationException.of(key, "only a target sends this");
      case Rule.Request() -> {
        agree(key, value);
        yield null;
      }
    };
  }

  private String agree(TextKey key, String value) {
    agreed.put(key, value);
    return value;
  }

  private static String choose(TextKey key, String value, List<String> supported)
      throws NegotiationException {
    for (String offer : value.split(",", -1)) {
      if (supported.contains(offer)) {
        return offer;
      }
    }
    throw NegotiationException.of(key, "nothing supported is offered");
  }

  private static boolean yes(TextKey key, String value) throws NegotiationException {
    return switch (value) {
      case YES -> true;
      case NO -> false;
      default -> throw NegotiationException.of(key, "neither Yes nor No");
    };
  }

  /** A numerical-value of §6.1: decimal, or hexadecimal behind 0x. */
  private static long number(TextKey key, String value, int low, int high)
      throws NegotiationException {
    boolean hex = value.startsWith("0x") || value.startsWith("0X");
    String digits = hex ? value.substring(2) : value;
    // Longer than any number of the table; also keeps signs and blanks from the parser.
    if (!digits.matches(hex ? "[0-9a-fA-F]{1,16}" : "[0-9]{1,10}")) {
      throw NegotiationException.of(key, "not a number");
    }
    long number = hex ? Long.parseUnsignedLong(digits, 16) : Long.parseLong(digits);
    if (number < low || number > high) {
      throw NegotiationException.of(key, "not between " + low + " and " + high);
    }
    return number;
  }

  /** What was agreed on, or the key's default. */
  public String text(TextKey key) {
    return agreed.getOrDefault(key, key.defaultValue());
  }

  /** Whether the initiator has sent this key. */
  public boolean has(TextKey key) {
    return seen.contains(key);
  }

  /** What was agreed on for a number. */
  public int number(TextKey key) {
    return Integer.parseInt(text(key));
  }

  /** What was agreed on for a boolean. */
  public boolean yes(TextKey key) {
    return text(key).equals(YES);
  }

  /** The answers as a text, for those who collect them in a list. */
  public static KeyValues answers(List<KeyValues.Pair> answers) {
    return new KeyValues(new ArrayList<>(answers));
  }
}
