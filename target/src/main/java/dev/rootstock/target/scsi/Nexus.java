// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One I_T nexus of SAM-5: what a session of RFC 7143 is to SCSI. Only its session's event loop may
 * call it.
 */
public final class Nexus implements AutoCloseable {

  /** One logical unit as this nexus meets it. */
  private record Path(
      int lun, DeviceServer server, UnitAttentions attentions, CopyManager copies) {}

  private final ScsiTarget target;
  private final NexusId id;
  private final Aborter aborter;
  private final Path[] paths;
  private volatile boolean leaving;

  /** Ends commands of a session at the wish of another one. */
  @FunctionalInterface
  public interface Aborter {

    /**
     * Aborts every command of the session to a unit. Any thread may call it.
     *
     * @param lun the unit's number
     * @param atRest called once, on any thread, when none of them can reach the device any more
     */
    void abort(int lun, Runnable atRest);
  }

  /**
   * @param servers by LUN, each LUN once
   */
  Nexus(ScsiTarget target, NexusId id, List<DeviceServer> servers, Aborter aborter) {
    this.target = target;
    this.id = id;
    this.aborter = aborter;
    paths =
        servers.stream()
            .map(
                server ->
                    new Path(server.unit().lun(), server, new UnitAttentions(), new CopyManager()))
            .toArray(Path[]::new);
    attention(UnitAttentions.RESET_OCCURRED);
  }

  /**
   * Decides what a command needs. For READ and WRITE it only checks; nothing is read, written or
   * waited for here. Side effects on the nexus (a unit attention that has been told) happen now, so
   * ask once for each command, in the order of CmdSN.
   *
   * @param lun the LUN field of the SCSI Command PDU, all 8 bytes
   * @param cdb the command
   * @param dataOut how many bytes the initiator means to send: the Expected Data Transfer Length if
   *     the W bit is set, else 0. Only commands that must not take more or less than their data
   *     look at it (WRITE SAME).
   */
  public Plan plan(long lun, Cdb cdb, long dataOut) {
    Path path = path(Lun.number(lun));
    Command command = CommandTable.find(cdb);
    if (path == null) {
      return AbsentUnit.plan(this, command, cdb);
    }
    if (path.attentions.waiting() && (command == null || !command.ignoresAttention())) {
      Sense attention = path.attentions.take();
      if (attention != null) {
        return Plan.Fail.of(attention);
      }
    }
    if (command == null) {
      return unknown(cdb);
    }
    if (path.server.sanitation().isInTheWay()) {
      Sense busy = path.server.sanitation().refusal(command);
      if (busy != null) {
        return Plan.Fail.of(busy);
      }
    }
    if (path.server.reservations().inForce()) {
      Plan.Fail conflict = path.server.reservations().check(this, command.access().of(cdb));
      if (conflict != null) {
        return conflict;
      }
    }
    if (!command.reservedBitsAreZero(cdb)) {
      return Plan.Fail.of(command.firstReservedBit(cdb));
    }
    Plan plan = command.plan(this, path.server, cdb, dataOut);
    return command.allocates() ? Provisioning.watched(path.server, plan) : plan;
  }

  /** Who is at both ends. */
  NexusId id() {
    return id;
  }

  Aborter aborter() {
    return aborter;
  }

  /** The copies that were begun through one of its units. */
  CopyManager copies(DeviceServer server) {
    for (Path path : paths) {
      if (path.server == server) {
        return path.copies;
      }
    }
    throw new IllegalArgumentException("not a unit of this nexus: " + server.unit());
  }

  /** The units, by LUN. */
  List<DeviceServer> servers() {
    return Arrays.stream(paths).map(Path::server).toList();
  }

  ScsiTarget target() {
    return target;
  }

  /** Tells all other nexuses of a unit what this one has done to it. */
  void tellOthers(DeviceServer server, Sense attention) {
    target.tellOthers(this, server.unit().lun(), attention);
  }

  /**
   * Sense data as the unit's D_SENSE bit wants them (SPC-4, Control mode page).
   *
   * @param lun the LUN field of the command that failed
   */
  public byte[] senseData(long lun, Sense sense) {
    Path path = path(Lun.number(lun));
    return path != null && path.server.modes().descriptorSense()
        ? sense.descriptorFormat()
        : sense.fixedFormat();
  }

  /**
   * Whether a command to a unit that another initiator aborts ends in TASK ABORTED (SPC-4, Control
   * mode page, TAS) or without a word.
   *
   * @param lun a unit's number
   */
  public boolean tellsAborted(int lun) {
    Path path = path(lun);
    return path != null && path.server.modes().taskAborted();
  }

  /** An unknown operation code; or a known one with an unknown service action. */
  static Plan.Fail unknown(Cdb cdb) {
    return Plan.Fail.of(
        CommandTable.hasServiceActions(cdb.opcode())
            ? Sense.invalidCdbField(1, 4)
            : Sense.INVALID_OPCODE);
  }

  /** Takes the oldest unit attention of a unit, or null. */
  @Nullable Sense takeAttention(DeviceServer server) {
    Path path = path(server.unit().lun());
    return path == null ? null : path.attentions.take();
  }

  /** The numbers of all units, ascending. */
  int[] luns() {
    int[] luns = new int[paths.length];
    for (int i = 0; i < luns.length; i++) {
      luns[i] = paths[i].lun;
    }
    return luns;
  }

  /** Whether the nexus has a unit of this number. */
  public boolean has(int lun) {
    return path(lun) != null;
  }

  /** Tells this nexus something about one of its units. Any thread may call it. */
  public void attention(int lun, Sense attention) {
    Path path = path(lun);
    if (path != null) {
      path.attentions.add(attention);
    }
  }

  /** Tells this nexus something about all of its units. Any thread may call it. */
  void attention(Sense attention) {
    for (Path path : paths) {
      path.attentions.add(attention);
    }
  }

  private @Nullable Path path(int lun) {
    for (Path path : paths) {
      if (path.lun == lun) {
        return path;
      }
    }
    return null;
  }

  /** Whether its devices are not to be used for anything new; for any thread. */
  boolean isLeaving() {
    return leaving;
  }

  /**
   * Its session is about to end, and with it the lease of its devices. What its units do without a
   * command stops, or goes on with the devices of another session.
   *
   * @param atRest run once, on any thread, when none of that uses its devices any more
   */
  public void leave(Runnable atRest) {
    leaving = true;
    AtomicInteger left = new AtomicInteger(paths.length + 1);
    Runnable one =
        () -> {
          if (left.decrementAndGet() == 0) {
            atRest.run();
          }
        };
    for (Path path : paths) {
      path.server
          .sanitation()
          .leave(
              this,
              () -> {
                one.run();
                target.carryOn(path.lun);
              });
    }
    one.run();
  }

  /** Lets what a unit does without a command go on with its device here. */
  void carryOn(int lun) {
    Path path = path(lun);
    if (path != null) {
      path.server.sanitation().carryOn(this, path.server.device());
    }
  }

  /** Ends the nexus with its session. A second call does nothing. */
  @Override
  public void close() {
    for (Path path : paths) {
      path.server.reservations().lost(this);
    }
    target.detach(this);
  }
}
