// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import dev.rootstock.boot.boots.BootAdmission;
import dev.rootstock.boot.installation.Installation;
import dev.rootstock.boot.pending.DisputedMachines;
import dev.rootstock.boot.pending.PendingMachines;
import dev.rootstock.boot.trail.Trails;

/**
 * What operations work on.
 *
 * @param installation the data
 * @param boots the clients' boots, those of the server where one runs
 * @param trails how far their machines have come
 * @param pending machines that are no clients; none while no server runs
 * @param disputed machines that were taken for two clients; none while no server runs
 */
public record Workplace(
    Installation installation,
    BootAdmission boots,
    Trails trails,
    PendingMachines pending,
    DisputedMachines disputed) {

  /** For a command while no server runs; its boots have to be closed before the installation. */
  static Workplace withoutServer(Installation installation) {
    return new Workplace(
        installation,
        BootAdmission.withoutServer(
            installation.registry(), installation.store(), installation.identities()),
        Trails.lookAt(installation.configuration().data()),
        new PendingMachines(),
        new DisputedMachines());
  }
}
