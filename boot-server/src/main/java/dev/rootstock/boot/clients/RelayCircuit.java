// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A place on the network by which a machine is recognised, as the relay agent there names it (RFC
 * 3046): a port of a switch, a line. Without a relay agent there is none: on our own network
 * anybody can write the option.
 *
 * @param relay the agent's address (giaddr)
 * @param circuit the circuit's identifier, hexadecimal in lower case; empty where only the other
 *     counts
 * @param remote the identifier of what is at its other end, as above
 */
public record RelayCircuit(Inet4Address relay, String circuit, String remote)
    implements Comparable<RelayCircuit> {
  /** Bytes of either identifier: what one sub-option holds. */
  private static final int IDENTIFIER_BYTES = 255;

  private static final Pattern HEXADECIMAL = Pattern.compile("([0-9a-f]{2})*");
  private static final String HEX_MARK = "0x";

  public RelayCircuit {
    if (circuit.isEmpty() && remote.isEmpty()) {
      throw new InvalidClientException(
          "a circuit needs circuit=ID or remote=ID: the relay agent alone is no place of a"
              + " machine");
    }
    for (String identifier : List.of(circuit, remote)) {
      if (!HEXADECIMAL.matcher(identifier).matches()
          || identifier.length() > 2 * IDENTIFIER_BYTES) {
        throw new InvalidClientException(
            "'%s' is no identifier of a circuit: at most %d bytes in hexadecimal digits"
                .formatted(Text.shown(identifier), IDENTIFIER_BYTES));
      }
    }
  }

  /**
   * A place as a packet tells it, its identifiers in hexadecimal.
   *
   * @return empty where it names neither circuit nor remote end
   */
  public static Optional<RelayCircuit> of(
      Inet4Address relay, Optional<String> circuit, Optional<String> remote) {
    return circuit.isEmpty() && remote.isEmpty()
        ? Optional.empty()
        : Optional.of(new RelayCircuit(relay, circuit.orElse(""), remote.orElse("")));
  }

  /**
   * Reads {@code relay=10.77.1.1,circuit=ge-0/0/1,remote=0x0004ab}; each part at most once, an
   * identifier as text or, after {@code 0x}, in hexadecimal digits.
   */
  public static RelayCircuit parse(String text) {
    @Nullable Inet4Address relay = null;
    String circuit = "";
    String remote = "";
    List<String> seen = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      int equals = part.indexOf('=');
      String key = equals < 0 ? "" : part.substring(0, equals);
      String value = part.substring(equals + 1);
      if (seen.contains(key) || value.isEmpty()) {
        throw wrong(text);
      }
      seen.add(key);
      switch (key) {
        case "relay" -> relay = address(text, value);
        case "circuit" -> circuit = identifier(text, value);
        case "remote" -> remote = identifier(text, value);
        default -> throw wrong(text);
      }
    }
    if (relay == null) {
      throw wrong(text);
    }
    return new RelayCircuit(relay, circuit, remote);
  }

  /** The keys under which a client may have this place, those that say most first. */
  List<RelayCircuit> keys() {
    return circuit.isEmpty() || remote.isEmpty()
        ? List.of(this)
        : List.of(this, new RelayCircuit(relay, circuit, ""), new RelayCircuit(relay, "", remote));
  }

  @Override
  public int compareTo(RelayCircuit other) {
    return toString().compareTo(other.toString());
  }

  /** As {@link #parse} reads it. */
  @Override
  public String toString() {
    List<String> parts = new ArrayList<>();
    parts.add("relay=" + relay.getHostAddress());
    if (!circuit.isEmpty()) {
      parts.add("circuit=" + shown(circuit));
    }
    if (!remote.isEmpty()) {
      parts.add("remote=" + shown(remote));
    }
    return String.join(",", parts);
  }

  /** As text where that can be read back, which is what administrators type. */
  private static String shown(String hexadecimal) {
    byte[] bytes = HexFormat.of().parseHex(hexadecimal);
    for (byte each : bytes) {
      if (each <= ' ' || each >= 0x7F || each == ',') {
        return HEX_MARK + hexadecimal;
      }
    }
    String text = new String(bytes, StandardCharsets.US_ASCII);
    return text.toLowerCase(Locale.ROOT).startsWith(HEX_MARK) ? HEX_MARK + hexadecimal : text;
  }

  private static String identifier(String whole, String value) {
    String lower = value.toLowerCase(Locale.ROOT);
    if (!lower.startsWith(HEX_MARK)) {
      if (!value.chars().allMatch(c -> c >= ' ' && c < 0x7F)) {
        throw wrong(whole);
      }
      return HexFormat.of().formatHex(value.getBytes(StandardCharsets.US_ASCII));
    }
    String digits = lower.substring(HEX_MARK.length());
    if (digits.isEmpty() || !HEXADECIMAL.matcher(digits).matches()) {
      throw wrong(whole);
    }
    return digits;
  }

  private static Inet4Address address(String whole, String value) {
    try {
      if (value.chars().filter(c -> c == '.').count() == 3
          && InetAddress.ofLiteral(value) instanceof Inet4Address address) {
        return address;
      }
    } catch (IllegalArgumentException e) {
      // said below
    }
    throw wrong(whole);
  }

  private static InvalidClientException wrong(String text) {
    return new InvalidClientException(
        ("'%s' is no circuit: write relay=ADDRESS,circuit=ID,remote=ID, with circuit or remote or"
                + " both; ID is text, or 0x and hexadecimal digits")
            .formatted(Text.shown(text)));
  }
}
