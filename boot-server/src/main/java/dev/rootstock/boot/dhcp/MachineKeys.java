// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpOptions;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.HardwareAddress;
import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.MalformedDhcpException;
import dev.rootstock.dhcp.RelayAgentInformation;
import dev.rootstock.dhcp.SyntaxException;
import java.net.Inet4Address;
import java.util.Optional;
import java.util.UUID;

/**
 * What one packet tells of the machine that sent it: by any of it a client can be recognised. All
 * of it is as easily forged as the packet, but for what a relay agent adds.
 *
 * <p>What cannot be read is left out: firmware that fills one option wrongly is still the machine
 * with that network card.
 *
 * @param chaddr its network card
 * @param uuid the SMBIOS UUID of option 97, with its bytes in the order of the wire
 * @param initiatorName option 203, from initiators that tell their name
 * @param relay by which relay agent the packet came; empty on our own link
 */
public record MachineKeys(
    HardwareAddress chaddr,
    Optional<UUID> uuid,
    Optional<IscsiName> initiatorName,
    Optional<Relay> relay) {

  /**
   * The relay agent, and what it says of the line to the machine (RFC 3046 §3).
   *
   * @param address giaddr
   * @param circuitId in lower-case hexadecimal
   * @param remoteId in lower-case hexadecimal
   */
  public record Relay(
      Inet4Address address, Optional<String> circuitId, Optional<String> remoteId) {}

  /** A machine of which nothing is known but its network card. */
  public static MachineKeys of(HardwareAddress chaddr) {
    return new MachineKeys(chaddr, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** Reads them out of a packet. */
  public static MachineKeys of(DhcpPacket packet) {
    DhcpOptions options = packet.options();
    return new MachineKeys(
        packet.chaddr(),
        readable(options, DhcpOption.MACHINE_ID).flatMap(id -> id),
        readable(options, DhcpOption.INITIATOR_NAME).flatMap(MachineKeys::name),
        packet.isRelayed() ? Optional.of(relay(packet)) : Optional.empty());
  }

  private static Relay relay(DhcpPacket packet) {
    try {
      Optional<RelayAgentInformation> told = RelayAgentInformation.of(packet.options());
      return new Relay(
          packet.giaddr(),
          told.flatMap(RelayAgentInformation::circuitId),
          told.flatMap(RelayAgentInformation::remoteId));
    } catch (MalformedDhcpException e) {
      return new Relay(packet.giaddr(), Optional.empty(), Optional.empty());
    }
  }

  private static Optional<IscsiName> name(String text) {
    try {
      return Optional.of(IscsiName.parse(text));
    } catch (SyntaxException e) {
      return Optional.empty();
    }
  }

  private static <T> Optional<T> readable(DhcpOptions options, DhcpOption<T> option) {
    try {
      return options.get(option);
    } catch (MalformedDhcpException e) {
      return Optional.empty();
    }
  }
}
