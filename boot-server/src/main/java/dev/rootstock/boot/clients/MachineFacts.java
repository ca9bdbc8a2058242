// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import java.util.Optional;
import java.util.UUID;

/**
 * What is said of a machine that asks for something. All but the place it says itself, and anybody
 * can say so.
 *
 * @param card the network card that it asks from
 * @param uuid its SMBIOS UUID, its first three fields in whichever order its firmware sends them
 * @param initiator the iSCSI name that it has already
 * @param place where a relay agent saw it
 */
public record MachineFacts(
    Optional<MacAddress> card,
    Optional<UUID> uuid,
    Optional<InitiatorName> initiator,
    Optional<RelayCircuit> place) {

  /** Nothing is known. */
  public static final MachineFacts NONE =
      new MachineFacts(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

  public MachineFacts {
    uuid = uuid.filter(MachineUuid::tellsApart);
  }

  public MachineFacts withCard(MacAddress newCard) {
    return new MachineFacts(Optional.of(newCard), uuid, initiator, place);
  }

  public MachineFacts withUuid(UUID newUuid) {
    return new MachineFacts(card, Optional.of(newUuid), initiator, place);
  }

  public MachineFacts withInitiator(InitiatorName newName) {
    return new MachineFacts(card, uuid, Optional.of(newName), place);
  }

  public MachineFacts withPlace(RelayCircuit newPlace) {
    return new MachineFacts(card, uuid, initiator, Optional.of(newPlace));
  }
}
