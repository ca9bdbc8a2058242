// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.target.LogicalUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A SCSI target device: what all sessions of one target name and one boot share. Safe for use by
 * several event loops.
 *
 * <p>One lives as long as any session of its boot does. A new boot is a power-on of its logical
 * units, and so has a new one.
 */
public final class ScsiTarget {
  private final TargetPort port;
  private final ConcurrentHashMap<Integer, DeviceServer> servers = new ConcurrentHashMap<>();
  private final Set<Nexus> nexuses = ConcurrentHashMap.newKeySet();

  /**
   * Makes a target without sessions.
   *
   * @param name the iSCSI target name, 1 to 223 bytes of UTF-8
   * @param portalGroupTag 0 to 65535; with the name it names the SCSI target port (RFC 7143 §4.4.1)
   * @throws IllegalArgumentException when either is out of its range
   */
  public ScsiTarget(String name, int portalGroupTag) {
    port = new TargetPort(name, portalGroupTag);
  }

  /**
   * Makes the nexus of a new session. Its first command to each unit meets the unit attention of a
   * power-on.
   *
   * @param units what the session's lease holds, each LUN once. Sessions that name equal units
   *     share one device server and its state.
   * @throws IllegalArgumentException for a LUN that comes twice, too many units, or a serial number
   *     that VPD page 80 cannot hold
   */
  public Nexus attach(List<LogicalUnit> units) {
    if (units.size() > Limits.MAX_UNITS
        || units.stream().mapToInt(LogicalUnit::lun).distinct().count() < units.size()) {
      throw new IllegalArgumentException("too many units, or a LUN twice: " + units);
    }
    Nexus nexus =
        new Nexus(
            this,
            units.stream()
                .sorted(Comparator.comparingInt(LogicalUnit::lun))
                .map(unit -> servers.compute(unit.lun(), (lun, old) -> keep(old, unit)))
                .toList());
    nexuses.add(nexus);
    return nexus;
  }

  private DeviceServer keep(@Nullable DeviceServer old, LogicalUnit unit) {
    return old != null && old.unit().equals(unit) ? old : new DeviceServer(unit, port);
  }

  /** Ends a session's nexus; its unit attentions go with it. */
  void detach(Nexus nexus) {
    nexuses.remove(nexus);
  }

  /**
   * LOGICAL UNIT RESET (SAM-5, logical unit reset): every nexus of the unit gets a unit attention.
   * To abort the commands in progress is the sessions' part.
   *
   * @param lun the LUN field of the request, all 8 bytes
   * @return false when no session has such a unit
   */
  public boolean resetUnit(long lun) {
    int number = Lun.number(lun);
    if (!servers.containsKey(number)) {
      return false;
    }
    nexuses.forEach(nexus -> nexus.attention(number, UnitAttentions.DEVICE_RESET_OCCURRED));
    return true;
  }

  /**
   * TARGET WARM RESET and TARGET COLD RESET (RFC 7143 §11.5.1), a hard reset to SCSI: every nexus
   * gets a unit attention for all its units.
   */
  public void reset() {
    nexuses.forEach(nexus -> nexus.attention(UnitAttentions.BUS_RESET_OCCURRED));
  }
}
