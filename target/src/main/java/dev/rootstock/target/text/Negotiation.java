// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.text;

import dev.rootstock.target.wire.Limits;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongUnaryOperator;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One connection's negotiation, from the target's side: takes what the initiator offers, answers by
 * the table, and keeps what was agreed on (RFC 7143 §6.2).
 */
public final class Negotiation {
  private static final String YES = "Yes";
  private static final String NO = "No";
  private static final String REJECT = "Reject";

  /** §6.2: constants that answer, and that are a protocol error where they are proposed. */
  private static final Set<String> RESERVED = Set.of(REJECT, "Irrelevant", "NotUnderstood");

  private final Map<TextKey, String> agreed = new EnumMap<>(TextKey.class);
  private final Set<TextKey> seen = EnumSet.noneOf(TextKey.class);
  private final Set<String> unknown = new HashSet<>();

  /**
   * Takes a text and adds the answers to it. The keys of the security negotiation are kept without
   * an answer.
   *
   * @throws NegotiationException when the negotiation has failed; nothing of this text counts then
   */
  public void receive(
      KeyValues offered, Phase phase, SessionKind kind, List<KeyValues.Pair> answers)
      throws NegotiationException {
    for (KeyValues.Pair pair : dependentLast(offered.pairs())) {
      TextKey key = TextKey.of(pair.key());
      if (key == null) {
        refuse(pair.key(), answers);
        continue;
      }
      if (!key.allowedIn(phase)) {
        throw NegotiationException.of(key, "not allowed in this phase");
      }
      if (kind == SessionKind.JOINING && key.leadingOnly()) {
        throw NegotiationException.of(key, "only a session's first connection may negotiate it");
      }
      // §6.3: a second offer of a key is an error that a target has to detect.
      if (!seen.add(key)) {
        throw NegotiationException.of(key, "negotiated twice");
      }
      String answer = answer(key, pair.value(), kind);
      if (answer != null) {
        answers.add(new KeyValues.Pair(key.text(), answer));
      }
    }
    if (number(TextKey.ERROR_RECOVERY_LEVEL) > 0 && yes(TextKey.DATA_SEQUENCE_IN_ORDER)) {
      // §13.19: only the last R2T may be recovered, so that there may be no other.
      limit(TextKey.MAX_OUTSTANDING_R2T, "1", answers);
    }
    if (number(TextKey.ERROR_RECOVERY_LEVEL) < 2) {
      // §13.16: nothing is kept, and that is said.
      limit(TextKey.DEFAULT_TIME_TO_RETAIN, "0", answers);
    }
    checkIntegrity();
  }

  /** Agrees on less than a key's rule would. */
  private void limit(TextKey key, String value, List<KeyValues.Pair> answers) {
    if (agreed.containsKey(key)) {
      agreed.put(key, value);
      answers.replaceAll(
          pair -> pair.key().equals(key.text()) ? new KeyValues.Pair(key.text(), value) : pair);
    }
  }

  /** The keys in their order, but those last whose answer depends on another's (§6.2). */
  private static List<KeyValues.Pair> dependentLast(List<KeyValues.Pair> pairs) {
    List<KeyValues.Pair> ordered = new ArrayList<>(pairs);
    ordered.sort(
        Comparator.comparing(
            pair -> {
              TextKey key = TextKey.of(pair.key());
              return key != null && key.rule() instanceof Rule.MinimumWithin;
            }));
    return ordered;
  }

  /** §6.2: rules between keys are checked once all of a text is known. */
  private void checkIntegrity() throws NegotiationException {
    for (TextKey key : agreed.keySet()) {
      if (key.rule() instanceof Rule.MinimumWithin within && number(key) > number(within.bound())) {
        throw NegotiationException.of(key, "more than " + within.bound().text());
      }
    }
  }

  /** The keys of a text that belong to the security negotiation. */
  public static Map<TextKey, String> security(KeyValues text) {
    Map<TextKey, String> keys = new EnumMap<>(TextKey.class);
    for (KeyValues.Pair pair : text.pairs()) {
      TextKey key = TextKey.of(pair.key());
      if (key != null && key.rule() instanceof Rule.Security) {
        keys.put(key, pair.value());
      }
    }
    return keys;
  }

  private void refuse(String name, List<KeyValues.Pair> answers) throws NegotiationException {
    if (!unknown.add(name) || unknown.size() > Limits.TEXT_KEYS) {
      throw NegotiationException.malformed("an unknown key twice, or too many of them");
    }
    answers.add(new KeyValues.Pair(name, "NotUnderstood"));
  }

  /** The answer to one key, or null when it needs none. */
  private @Nullable String answer(TextKey key, String value, SessionKind kind)
      throws NegotiationException {
    if (kind == SessionKind.DISCOVERY) {
      if (key.irrelevantToDiscovery()) {
        return "Irrelevant";
      }
      if (key == TextKey.ERROR_RECOVERY_LEVEL) {
        // §7.4.1, §13.21
        return agree(key, "0");
      }
    }
    if (key.rule().isNegotiated() && RESERVED.contains(value)) {
      throw NegotiationException.of(key, value + " is reserved for answers");
    }
    return switch (key.rule()) {
      case Rule.Choice(List<String> supported) -> select(key, choose(value, supported));
      case Rule.Minimum(int ours, int low, int high) ->
          select(key, number(value, low, high, offered -> Math.min(ours, offered)));
      case Rule.MinimumWithin(int ours, int low, int high, TextKey bound) -> {
        int most = Math.min(ours, number(bound));
        yield select(key, number(value, low, high, offered -> Math.min(most, offered)));
      }
      case Rule.Maximum(int ours, int low, int high) ->
          select(key, number(value, low, high, offered -> Math.max(ours, offered)));
      case Rule.And(boolean ours) -> select(key, bool(value, offered -> offered && ours));
      case Rule.Or(boolean ours) -> select(key, bool(value, offered -> offered || ours));
      case Rule.DeclaredNumber(int low, int high) -> {
        Optional<String> declared = number(value, low, high, offered -> offered);
        if (declared.isEmpty()) {
          throw NegotiationException.of(key, "not between " + low + " and " + high);
        }
        agree(key, declared.get());
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
      case Rule.Security(), Rule.Request() -> {
        agree(key, value);
        yield null;
      }
    };
  }

  /** §6.2.1, §6.2.2: what is not admissible is answered Reject, and the key stays what it is. */
  private String select(TextKey key, Optional<String> selected) {
    return selected.map(value -> agree(key, value)).orElse(REJECT);
  }

  private String agree(TextKey key, String value) {
    agreed.put(key, value);
    return value;
  }

  private static Optional<String> choose(String value, List<String> supported) {
    return Arrays.stream(value.split(",", -1)).filter(supported::contains).findFirst();
  }

  private static Optional<String> bool(String value, UnaryOperator<Boolean> rule) {
    return switch (value) {
      case YES -> Optional.of(rule.apply(true) ? YES : NO);
      case NO -> Optional.of(rule.apply(false) ? YES : NO);
      default -> Optional.empty();
    };
  }

  /** A numerical-value of §6.1: decimal, or hexadecimal behind 0x. */
  private static Optional<String> number(String value, int low, int high, LongUnaryOperator rule) {
    boolean hex = value.startsWith("0x") || value.startsWith("0X");
    String digits = hex ? value.substring(2) : value;
    // Longer than any number of the table; also keeps signs and blanks from the parser.
    if (!digits.matches(hex ? "[0-9a-fA-F]{1,16}" : "[0-9]{1,10}")) {
      return Optional.empty();
    }
    long number = hex ? Long.parseUnsignedLong(digits, 16) : Long.parseLong(digits);
    return number < low || number > high
        ? Optional.empty()
        : Optional.of(Long.toString(rule.applyAsLong(number)));
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
