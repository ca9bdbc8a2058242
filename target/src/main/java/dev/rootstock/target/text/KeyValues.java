// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.text;

import dev.rootstock.target.wire.Limits;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Keys and values in the text format of RFC 7143 §6.1, in their order.
 *
 * @param pairs a key may appear more than once; whether it may is its own rule
 */
public record KeyValues(List<Pair> pairs) {

  /** One {@code key=value}. */
  public record Pair(String key, String value) {}

  public KeyValues {
    pairs = List.copyOf(pairs);
  }

  /** Alternating keys and values. */
  public static KeyValues of(String... keysAndValues) {
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      pairs.add(new Pair(keysAndValues[i], keysAndValues[i + 1]));
    }
    return new KeyValues(pairs);
  }

  /**
   * Reads a whole text: all data segments of one exchange, put together.
   *
   * @throws NegotiationException when it is not in the format, or beyond a bound
   */
  public static KeyValues parse(byte[] text) throws NegotiationException {
    List<Pair> pairs = new ArrayList<>();
    int from = 0;
    while (from < text.length) {
      int end = from;
      while (end < text.length && text[end] != 0) {
        end++;
      }
      if (end == text.length) {
        throw NegotiationException.malformed("a key without its null delimiter");
      }
      // Some initiators pad their text with nulls; an empty item says nothing.
      if (end > from) {
        if (pairs.size() == Limits.TEXT_KEYS) {
          throw NegotiationException.malformed("more than " + Limits.TEXT_KEYS + " keys");
        }
        pairs.add(pair(decode(text, from, end)));
      }
      from = end + 1;
    }
    return new KeyValues(pairs);
  }

  private static Pair pair(String item) throws NegotiationException {
    int equals = item.indexOf('=');
    if (equals < 0) {
      throw NegotiationException.malformed("a key without '='");
    }
    String key = item.substring(0, equals);
    if (!isStandardLabel(key)) {
      throw NegotiationException.malformed("a key name that is no standard-label");
    }
    return new Pair(key, item.substring(equals + 1));
  }

  /** RFC 7143 §6.1; {@code #} stands in the names of X#NodeArchitecture and its kin (§13.22). */
  private static boolean isStandardLabel(String key) {
    if (key.isEmpty() || key.length() > Limits.KEY_NAME_BYTES) {
      return false;
    }
    // iSCSIProtocolLevel, a key of RFC 7144, begins in lower case.
    if (!isLetter(key.charAt(0))) {
      return false;
    }
    for (int i = 1; i < key.length(); i++) {
      char c = key.charAt(i);
      boolean digit = c >= '0' && c <= '9';
      if (!isLetter(c) && !digit && ".-+@_#".indexOf(c) < 0) {
        return false;
      }
    }
    return true;
  }

  private static boolean isLetter(char c) {
    char lower = (char) (c | 0x20);
    return lower >= 'a' && lower <= 'z';
  }

  private static String decode(byte[] text, int from, int end) throws NegotiationException {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(text, from, end - from))
          .toString();
    } catch (CharacterCodingException e) {
      throw NegotiationException.malformed("text that is not UTF-8");
    }
  }

  /** The text, each pair with its null delimiter. */
  public byte[] encode() {
    StringBuilder text = new StringBuilder();
    for (Pair pair : pairs) {
      text.append(pair.key).append('=').append(pair.value).append('\0');
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }
}
