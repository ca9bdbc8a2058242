// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.target.LogicalUnit;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A SCSI target device: what all sessions of one target name and one boot share. Safe for use by
 * several event loops.
 *
 * <p>One lives as long as any session of its boot does. A new boot is a power-on of its logical
 * units, and so has a new one.
 */
public final class ScsiTarget {
  private final TargetPorts ports;
  private final ConcurrentHashMap<Integer, DeviceServer> servers = new ConcurrentHashMap<>();
  private final Set<Nexus> nexuses = ConcurrentHashMap.newKeySet();

  /**
   * Makes a target without sessions.
   *
   * @param name the iSCSI target name, 1 to 223 bytes of UTF-8
   * @param portalGroupTags 1 to 65535; with the name each names a SCSI target port (RFC 7143
   *     §4.4.1)
   * @throws IllegalArgumentException when either is out of its range
   */
  public ScsiTarget(String name, Collection<Integer> portalGroupTags) {
    ports = new TargetPorts(name, List.copyOf(portalGroupTags));
  }

  /**
   * Makes the nexus of a new session. Its first command to each unit meets the unit attention of a
   * power-on.
   *
   * @param initiator who is at the other end of the session
   * @param portalGroupTag through which of the target's ports it comes
   * @param units what the session's lease holds, each LUN once. Sessions that name equal units
   *     share one device server; those of one LUN and one NAA name share the unit's state, which
   *     outlives the opening and closing of its device.
   * @param aborter ends the session's commands when another nexus preempts it
   * @throws IllegalArgumentException for a port that the target does not have, a LUN that comes
   *     twice, too many units, or a serial number that VPD page 80 cannot hold
   */
  public Nexus attach(
      InitiatorPort initiator, int portalGroupTag, List<LogicalUnit> units, Nexus.Aborter aborter) {
    if (!ports.has(portalGroupTag)) {
      throw new IllegalArgumentException("no target port " + portalGroupTag);
    }
    if (units.size() > Limits.MAX_UNITS
        || units.stream().mapToInt(LogicalUnit::lun).distinct().count() < units.size()) {
      throw new IllegalArgumentException("too many units, or a LUN twice: " + units);
    }
    Nexus nexus =
        new Nexus(
            this,
            new NexusId(initiator, portalGroupTag),
            units.stream()
                .sorted(Comparator.comparingInt(LogicalUnit::lun))
                .map(unit -> servers.compute(unit.lun(), (lun, old) -> keep(old, unit)))
                .toList(),
            aborter);
    nexuses.add(nexus);
    for (int lun : nexus.luns()) {
      nexus.carryOn(lun);
    }
    return nexus;
  }

  /** Lets what a unit does without a command go on in some session that has the unit. */
  void carryOn(int lun) {
    nexuses.forEach(nexus -> nexus.carryOn(lun));
  }

  private DeviceServer keep(@Nullable DeviceServer old, LogicalUnit unit) {
    if (old != null && old.unit().equals(unit)) {
      return old;
    }
    UnitState state = old != null && old.unit().naa() == unit.naa() ? old.state() : newState(unit);
    return new DeviceServer(unit, ports, state);
  }

  private UnitState newState(LogicalUnit unit) {
    int lun = unit.lun();
    return new UnitState(unit, sense -> nexuses.forEach(nexus -> nexus.attention(lun, sense)));
  }

  TargetPorts ports() {
    return ports;
  }

  /** Tells every nexus of a unit but one. */
  void tellOthers(Nexus from, int lun, Sense attention) {
    for (Nexus nexus : nexuses) {
      if (nexus != from) {
        nexus.attention(lun, attention);
      }
    }
  }

  /** Tells some nexuses something about a unit. */
  void tell(int lun, List<PersistentReservations.Notice> notices) {
    for (PersistentReservations.Notice notice : notices) {
      for (Nexus nexus : nexuses) {
        if (nexus.id().equals(notice.nexus())) {
          nexus.attention(lun, notice.attention());
        }
      }
    }
  }

  /**
   * Aborts the commands of some nexuses to a unit (PREEMPT AND ABORT).
   *
   * @param atRest called once, when none of them can reach the device any more
   */
  void abort(int lun, Set<NexusId> which, Runnable atRest) {
    List<Nexus> concerned = nexuses.stream().filter(nexus -> which.contains(nexus.id())).toList();
    AtomicInteger left = new AtomicInteger(concerned.size() + 1);
    Runnable one =
        () -> {
          if (left.decrementAndGet() == 0) {
            atRest.run();
          }
        };
    concerned.forEach(nexus -> nexus.aborter().abort(lun, one));
    one.run();
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
    DeviceServer server = servers.get(number);
    if (server == null) {
      return false;
    }
    server.state().reset();
    nexuses.forEach(nexus -> nexus.attention(number, UnitAttentions.DEVICE_RESET_OCCURRED));
    return true;
  }

  /**
   * TARGET WARM RESET and TARGET COLD RESET (RFC 7143 §11.5.1), a hard reset to SCSI: every nexus
   * gets a unit attention for all its units.
   */
  public void reset() {
    servers.values().forEach(server -> server.state().reset());
    nexuses.forEach(nexus -> nexus.attention(UnitAttentions.BUS_RESET_OCCURRED));
  }

  /**
   * A power-on without a new boot: TARGET COLD RESET (RFC 7143 §11.5.1). Persistent reservations go
   * unless they were to survive it.
   */
  public void powerOn() {
    servers.values().forEach(server -> server.state().powerOn());
    nexuses.forEach(nexus -> nexus.attention(UnitAttentions.RESET_OCCURRED));
  }
}
