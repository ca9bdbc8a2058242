// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.io.ByteArrayOutputStream;
import java.net.Inet4Address;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a relay agent says of the way that a packet took (option 82, RFC 3046). It goes back to the
 * relay as it came; this is only for reading.
 */
public final class RelayAgentInformation {
  private static final int CIRCUIT_ID = 1;
  private static final int REMOTE_ID = 2;

  /** RFC 3527 §3. */
  private static final int LINK_SELECTION = 5;

  /** RFC 5107 §4. */
  private static final int SERVER_ID_OVERRIDE = 11;

  private static final int ADDRESS = 4;

  private final Map<Integer, byte[]> values;

  private RelayAgentInformation(Map<Integer, byte[]> values) {
    this.values = values;
  }

  /**
   * Reads the option of a packet; empty where there is none.
   *
   * @throws MalformedDhcpException if a sub-option reaches beyond the option
   */
  public static Optional<RelayAgentInformation> of(DhcpOptions options)
      throws MalformedDhcpException {
    Optional<byte[]> option = options.get(DhcpOption.RELAY_AGENT);
    return option.isEmpty() ? Optional.empty() : Optional.of(decode(option.get()));
  }

  /** RFC 3046 §2.0: sub-options with code and length, without pad and end. */
  private static RelayAgentInformation decode(byte[] option) throws MalformedDhcpException {
    Map<Integer, ByteArrayOutputStream> pieces = new LinkedHashMap<>();
    int at = 0;
    while (at < option.length) {
      int code = option[at] & 0xFF;
      int length = at + 1 < option.length ? option[at + 1] & 0xFF : -1;
      if (length < 0 || at + 2 + length > option.length) {
        throw new MalformedDhcpException(
            DhcpOption.RELAY_AGENT + ": sub-option " + code + " reaches beyond its end");
      }
      pieces.computeIfAbsent(code, c -> new ByteArrayOutputStream()).write(option, at + 2, length);
      at += 2 + length;
    }
    Map<Integer, byte[]> values = new LinkedHashMap<>();
    pieces.forEach((code, value) -> values.put(code, value.toByteArray()));
    return new RelayAgentInformation(values);
  }

  /** The port of the relay that the client hangs on, in lower-case hexadecimal (RFC 3046 §3.1). */
  public Optional<String> circuitId() {
    return hex(CIRCUIT_ID);
  }

  /** What the relay calls the client's end of the line, in hexadecimal (RFC 3046 §3.2). */
  public Optional<String> remoteId() {
    return hex(REMOTE_ID);
  }

  /**
   * An address of the client's network, where the relay's own is of another (RFC 3527 §3).
   *
   * @throws MalformedDhcpException if it is no address
   */
  public Optional<Inet4Address> linkSelection() throws MalformedDhcpException {
    return address(LINK_SELECTION);
  }

  /**
   * What the server is to call itself in option 54, so that renewals go through the relay (RFC 5107
   * §4).
   *
   * @throws MalformedDhcpException if it is no address
   */
  public Optional<Inet4Address> serverIdOverride() throws MalformedDhcpException {
    return address(SERVER_ID_OVERRIDE);
  }

  private Optional<String> hex(int code) {
    return Optional.ofNullable(values.get(code))
        .filter(value -> value.length > 0)
        .map(HexFormat.of()::formatHex);
  }

  private Optional<Inet4Address> address(int code) throws MalformedDhcpException {
    byte @Nullable [] value = values.get(code);
    if (value == null) {
      return Optional.empty();
    }
    if (value.length != ADDRESS) {
      throw new MalformedDhcpException(
          DhcpOption.RELAY_AGENT
              + ": sub-option "
              + code
              + " has "
              + value.length
              + " bytes instead of an address's 4");
    }
    return Optional.of(OptionFormat.address(value, 0));
  }
}
