// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One I_T nexus of SAM-5: what a session of RFC 7143 is to SCSI. Only its session's event loop may
 * call it.
 */
public final class Nexus implements AutoCloseable {

  /** One logical unit as this nexus meets it. */
  private record Path(int lun, DeviceServer server, UnitAttentions attentions) {}

  private final ScsiTarget target;
  private final Path[] paths;

  /**
   * @param servers by LUN, each LUN once
   */
  Nexus(ScsiTarget target, List<DeviceServer> servers) {
    this.target = target;
    paths =
        servers.stream()
            .map(server -> new Path(server.unit().lun(), server, new UnitAttentions()))
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
    if (!command.reservedBitsAreZero(cdb)) {
      return Plan.Fail.of(command.firstReservedBit(cdb));
    }
    return command.plan(this, path.server, cdb, dataOut);
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

  /** Ends the nexus with its session. A second call does nothing. */
  @Override
  public void close() {
    target.detach(this);
  }
}
