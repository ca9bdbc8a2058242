// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.clients.UnitBytes;
import dev.rootstock.target.UnitMemory;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * What a client's logical unit remembers stands with the client in the registry, so it survives the
 * server and every boot, whatever becomes of the disk's content.
 *
 * @param lun the unit's number
 */
record RegisteredMemory(Registry registry, ClientName client, int lun) implements UnitMemory {

  @Override
  public byte[] load() {
    return registry
        .find(client)
        .flatMap(registration -> Optional.ofNullable(registration.units().get(lun)))
        .orElse(UnitBytes.NONE)
        .bytes();
  }

  @Override
  public CompletionStage<Void> save(byte[] state) {
    UnitBytes bytes = UnitBytes.of(state);
    return registry
        .update(client, registration -> registration.withUnit(lun, bytes))
        .thenAccept(_ -> {});
  }
}
