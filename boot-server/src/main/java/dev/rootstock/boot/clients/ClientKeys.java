// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import dev.rootstock.boot.Limits;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * By what a client is recognised ({@link Recognition}); each key is of one client only.
 *
 * @param macs the network cards it may boot from
 * @param uuid its SMBIOS UUID, its first three fields in either order
 * @param initiators the iSCSI names that may log in to its disk; empty where the other keys decide
 * @param circuits the places it may boot at
 */
public record ClientKeys(
    List<MacAddress> macs,
    @Nullable UUID uuid,
    List<InitiatorName> initiators,
    List<RelayCircuit> circuits) {
  /** By nothing. */
  public static final ClientKeys NONE = new ClientKeys(List.of(), null, List.of(), List.of());

  public ClientKeys {
    macs = List.copyOf(macs);
    initiators = List.copyOf(initiators);
    circuits = List.copyOf(circuits);
    Client.bounded("MAC addresses", macs, Limits.MACS);
    Client.bounded("initiator names", initiators, Limits.INITIATORS);
    Client.bounded("circuits", circuits, Limits.CIRCUITS);
  }

  /** Whether there is none. */
  public boolean isEmpty() {
    return macs.isEmpty() && uuid == null && initiators.isEmpty() && circuits.isEmpty();
  }

  public ClientKeys withMacs(List<MacAddress> newMacs) {
    return new ClientKeys(newMacs, uuid, initiators, circuits);
  }

  public ClientKeys withUuid(@Nullable UUID newUuid) {
    return new ClientKeys(macs, newUuid, initiators, circuits);
  }

  public ClientKeys withInitiators(List<InitiatorName> newInitiators) {
    return new ClientKeys(macs, uuid, newInitiators, circuits);
  }

  public ClientKeys withCircuits(List<RelayCircuit> newCircuits) {
    return new ClientKeys(macs, uuid, initiators, newCircuits);
  }
}
