// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.target.LogicalUnit;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A SCSI target device: what all sessions of one target name and one boot share. Safe for use by
 * several event loops.
 *
 * <p>One lives as long as any session of its boot does. A new boot is a power-on of its logical
 * units, and so has a new one.
 */
public final class ScsiTarget {
  private final String name;
  private final int portalGroupTag;
  private final ConcurrentHashMap<Integer, DeviceServer> servers = new ConcurrentHashMap<>();
  private final Set<Nexus> nexuses = ConcurrentHashMap.newKeySet();

  /**
   * Makes a target without sessions.
   *
   * @param name the iSCSI target name, at most 223 bytes of UTF-8
   * @param portalGroupTag 1 to 65535; with the name it names the SCSI target port (RFC 7143 §4.4)
   */
  public ScsiTarget(String name, int portalGroupTag) {
    this.name = name;
    this.portalGroupTag = portalGroupTag;
  }

  /**
   * Makes the nexus of a new session. Its first command to each unit meets the unit attention of a
   * power-on.
   *
   * @param units what the session's lease holds, each LUN once. Sessions that name equal units
   *     share one device server and its state.
   */
  public Nexus attach(List<LogicalUnit> units) {
    Nexus nexus =
        new Nexus(
            this,
            units.stream()
                .map(unit -> servers.compute(unit.lun(), (lun, old) -> keep(old, unit)))
                .toList());
    nexuses.add(nexus);
    return nexus;
  }

  private DeviceServer keep(@org.jspecify.annotations.Nullable DeviceServer old, LogicalUnit unit) {
    return old != null && old.unit().equals(unit)
        ? old
        : new DeviceServer(unit, name, portalGroupTag);
  }

  /** Ends a session's nexus; its unit attentions go with it. */
  void detach(Nexus nexus) {
    nexuses.remove(nexus);
  }

  /**
   * LOGICAL UNIT RESET (SAM-5 §6.3.3): every nexus of the unit gets a unit attention. Aborting the
   * commands in progress is the sessions' part.
   *
   * @param lun the LUN field of the request
   * @return false when there is no such unit
   */
  public boolean resetUnit(long lun) {
    return servers.containsKey((int) (lun >>> 48));
  }

  /** TARGET WARM RESET and TARGET COLD RESET: as {@link #resetUnit}, for every unit. */
  public void reset() {
    nexuses.clear();
  }
}
