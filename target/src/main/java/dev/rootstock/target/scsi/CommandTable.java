// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static dev.rootstock.target.scsi.Access.ALWAYS;
import static dev.rootstock.target.scsi.Access.PREVENT;
import static dev.rootstock.target.scsi.Access.READ;
import static dev.rootstock.target.scsi.Access.RESERVATION;
import static dev.rootstock.target.scsi.Access.START;
import static dev.rootstock.target.scsi.Access.STATUS;
import static dev.rootstock.target.scsi.Access.WRITE;
import static dev.rootstock.target.scsi.Command.Attention.IGNORES;
import static dev.rootstock.target.scsi.Command.Attention.REPORTS;
import static dev.rootstock.target.scsi.Command.NO_SERVICE_ACTION;

import dev.rootstock.target.scsi.PersistentReserveOut.Action;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Every command that the device server knows, in one place: decoding, the check of reserved bits
 * and REPORT SUPPORTED OPERATION CODES all read it, and so do reservations. A new command is a new
 * line here.
 *
 * <p>The second column is the CDB with a one for each bit that is looked at. The CONTROL byte is 00
 * throughout: NACA is not supported (SAM-5, CONTROL byte). So are the protection fields (RDPROTECT
 * and its like), which need what these disks have not. GROUP NUMBER is taken and has no effect,
 * like DPO: it asks for statistics that nobody here collects (SBC-3, grouping function).
 */
final class CommandTable {
  private static final int SERVICE_ACTIONS = 32;

  private static final List<Command> ALL =
      List.of(
          plain("TEST UNIT READY", "00 00000000 00", STATUS, (s, cdb) -> Plan.Respond.GOOD),
          always("REQUEST SENSE", "03 01 0000 FF 00", RequestSense::plan),
          plain("READ(6)", "08 1FFFFF FF 00", READ, Transfers::read6),
          plain("WRITE(6)", "0A 1FFFFF FF 00", WRITE, Transfers::write6),
          always("INQUIRY", "12 01 FF FFFF 00", Inquiry::plan),
          plain("MODE SELECT(6)", "15 11 0000 FF 00", WRITE, ModeSelect::six),
          plain(
              "RESERVE(6)",
              "16 00 000000 00",
              RESERVATION,
              (nexus, server, cdb, out) -> server.reservations().reserve(nexus)),
          plain(
              "RELEASE(6)",
              "17 00 000000 00",
              RESERVATION,
              (nexus, server, cdb, out) -> server.reservations().release(nexus)),
          plain("MODE SENSE(6)", "1A 08 FFFF FF 00", WRITE, ModeSense::six),
          plain("START STOP UNIT", "1B 01 0000 05 00", START, Flushes::startStop),
          // Nothing can be removed, so nothing has to be remembered.
          plain(
              "PREVENT ALLOW MEDIUM REMOVAL",
              "1E 000000 01 00",
              PREVENT,
              (s, cdb) -> Plan.Respond.GOOD),
          plain("READ CAPACITY(10)", "25 00 00000000 000000 00", ALWAYS, Capacity::ten),
          plain("READ(10)", "28 18 FFFFFFFF 1F FFFF 00", READ, Transfers::read10),
          plain("WRITE(10)", "2A 18 FFFFFFFF 1F FFFF 00", WRITE, Transfers::write10),
          plain("WRITE AND VERIFY(10)", "2E 16 FFFFFFFF 1F FFFF 00", WRITE, Verification::writeTen),
          plain("VERIFY(10)", "2F 16 FFFFFFFF 1F FFFF 00", READ, Verification::ten),
          plain("PRE-FETCH(10)", "34 02 FFFFFFFF 1F FFFF 00", READ, Verification::prefetch10),
          plain(
              "SYNCHRONIZE CACHE(10)", "35 02 FFFFFFFF 1F FFFF 00", WRITE, Flushes::synchronize10),
          plain("READ DEFECT DATA(10)", "37 00 1F 00000000 FFFF 00", READ, Defects::ten),
          plain("WRITE SAME(10)", "41 08 FFFFFFFF 1F FFFF 00", WRITE, WriteSame::ten),
          plain("UNMAP", "42 00 00000000 1F FFFF 00", WRITE, Unmap::plan),
          action("SANITIZE, OVERWRITE", "48 A1 0000000000 FFFF 00", WRITE, Sanitize::overwrite),
          action("SANITIZE, BLOCK ERASE", "48 A2 0000000000 0000 00", WRITE, Sanitize::blockErase),
          action(
              "SANITIZE, EXIT FAILURE MODE",
              "48 9F 0000000000 0000 00",
              WRITE,
              Sanitize::exitFailureMode),
          plain("LOG SENSE", "4D 01 FF FF 00 FFFF FFFF 00", ALWAYS, LogSense::plan),
          plain("MODE SELECT(10)", "55 11 0000000000 FFFF 00", WRITE, ModeSelect::ten),
          plain(
              "RESERVE(10)",
              "56 00 000000000000 00 00",
              RESERVATION,
              (nexus, server, cdb, out) -> server.reservations().reserve(nexus)),
          plain(
              "RELEASE(10)",
              "57 00 000000000000 00 00",
              RESERVATION,
              (nexus, server, cdb, out) -> server.reservations().release(nexus)),
          plain("MODE SENSE(10)", "5A 18 FFFF 000000 FFFF 00", WRITE, ModeSense::ten),
          reserveIn("READ KEYS", 0, PersistentReserveIn::readKeys),
          reserveIn("READ RESERVATION", 1, PersistentReserveIn::readReservation),
          reserveIn("REPORT CAPABILITIES", 2, PersistentReserveIn::reportCapabilities),
          reserveIn("READ FULL STATUS", 3, PersistentReserveIn::readFullStatus),
          reserveOut(Action.REGISTER),
          reserveOut(Action.RESERVE),
          reserveOut(Action.RELEASE),
          reserveOut(Action.CLEAR),
          reserveOut(Action.PREEMPT),
          reserveOut(Action.PREEMPT_AND_ABORT),
          reserveOut(Action.REGISTER_AND_IGNORE_EXISTING_KEY),
          reserveOut(Action.REGISTER_AND_MOVE),
          action(
              "EXTENDED COPY(LID1)",
              "83 00 0000000000000000 FFFFFFFF 00 00",
              WRITE,
              ExtendedCopy::plan),
          action(
              "RECEIVE COPY RESULTS, COPY STATUS",
              "84 00 FF 00000000000000 FFFFFFFF 00 00",
              WRITE,
              CopyResults::copyStatus),
          action(
              "RECEIVE COPY RESULTS, OPERATING PARAMETERS",
              "84 03 00 00000000000000 FFFFFFFF 00 00",
              WRITE,
              CopyResults::operatingParameters),
          action(
              "RECEIVE COPY RESULTS, FAILED SEGMENT DETAILS",
              "84 04 FF 00000000000000 FFFFFFFF 00 00",
              WRITE,
              CopyResults::failedSegmentDetails),
          plain("READ(16)", "88 18 FFFFFFFFFFFFFFFF FFFFFFFF 1F 00", READ, Transfers::read16),
          plain(
              "COMPARE AND WRITE",
              "89 18 FFFFFFFFFFFFFFFF 000000 FF 1F 00",
              WRITE,
              Updates::compareAndWrite),
          plain("WRITE(16)", "8A 18 FFFFFFFFFFFFFFFF FFFFFFFF 1F 00", WRITE, Transfers::write16),
          plain("ORWRITE(16)", "8B 18 FFFFFFFFFFFFFFFF FFFFFFFF 1F 00", WRITE, Updates::orWrite),
          plain(
              "WRITE AND VERIFY(16)",
              "8E 16 FFFFFFFFFFFFFFFF FFFFFFFF 1F 00",
              WRITE,
              Verification::writeSixteen),
          plain("VERIFY(16)", "8F 16 FFFFFFFFFFFFFFFF FFFFFFFF 1F 00", READ, Verification::sixteen),
          plain(
              "PRE-FETCH(16)",
              "90 02 FFFFFFFFFFFFFFFF FFFFFFFF 1F 00",
              READ,
              Verification::prefetch16),
          plain(
              "SYNCHRONIZE CACHE(16)",
              "91 02 FFFFFFFFFFFFFFFF FFFFFFFF 1F 00",
              WRITE,
              Flushes::synchronize16),
          plain(
              "WRITE SAME(16)", "93 09 FFFFFFFFFFFFFFFF FFFFFFFF 1F 00", WRITE, WriteSame::sixteen),
          action(
              "READ CAPACITY(16)",
              "9E 10 0000000000000000 FFFFFFFF 00 00",
              ALWAYS,
              Capacity::sixteen),
          action("GET LBA STATUS", "9E 12 FFFFFFFFFFFFFFFF FFFFFFFF 00 00", READ, LbaStatus::plan),
          always("REPORT LUNS", "A0 00 FF 000000 FFFFFFFF 00 00", ReportLuns::plan),
          action(
              "REPORT TARGET PORT GROUPS",
              "A3 EA 00000000 FFFFFFFF 00 00",
              ALWAYS,
              TargetReports::portGroups),
          action(
              "REPORT SUPPORTED OPERATION CODES",
              "A3 0C 87 FF FFFF FFFFFFFF 00 00",
              READ,
              (server, cdb) -> SupportedOpcodes.plan(cdb)),
          action(
              "REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS",
              "A3 0D 80 000000 FFFFFFFF 00 00",
              READ,
              TargetReports::taskManagement),
          plain("READ(12)", "A8 18 FFFFFFFF FFFFFFFF 1F 00", READ, Transfers::read12),
          plain("WRITE(12)", "AA 18 FFFFFFFF FFFFFFFF 1F 00", WRITE, Transfers::write12),
          plain(
              "WRITE AND VERIFY(12)",
              "AE 16 FFFFFFFF FFFFFFFF 1F 00",
              WRITE,
              Verification::writeTwelve),
          plain("VERIFY(12)", "AF 16 FFFFFFFF FFFFFFFF 1F 00", READ, Verification::twelve),
          plain("READ DEFECT DATA(12)", "B7 1F 00000000 FFFFFFFF 00 00", READ, Defects::twelve));

  private static final @Nullable Command[] PLAIN = new Command[256];
  private static final @Nullable Command[] WITH_ACTION = new Command[256 * SERVICE_ACTIONS];
  private static final boolean[] HAS_ACTIONS = new boolean[256];

  static {
    for (Command command : ALL) {
      int opcode = command.opcode();
      if (command.hasServiceAction()) {
        HAS_ACTIONS[opcode] = true;
        WITH_ACTION[opcode * SERVICE_ACTIONS + command.serviceAction()] = command;
      } else {
        PLAIN[opcode] = command;
      }
    }
  }

  private CommandTable() {}

  /** The command of a CDB, or null when its operation code or service action is unknown. */
  static @Nullable Command find(Cdb cdb) {
    int opcode = cdb.opcode();
    Command plain = PLAIN[opcode];
    return plain != null ? plain : find(opcode, cdb.u8(1) % SERVICE_ACTIONS);
  }

  /** The command with a service action, or null. */
  static @Nullable Command find(int opcode, int serviceAction) {
    return serviceAction >= SERVICE_ACTIONS
        ? null
        : WITH_ACTION[opcode * SERVICE_ACTIONS + serviceAction];
  }

  /** The command without service actions, or null. */
  static @Nullable Command plain(int opcode) {
    return PLAIN[opcode];
  }

  static boolean hasServiceActions(int opcode) {
    return HAS_ACTIONS[opcode];
  }

  /** Every command, by operation code and service action. */
  static List<Command> all() {
    return ALL;
  }

  private static Command plain(String name, String usage, Access access, Handler handler) {
    return new Command(name, usage, NO_SERVICE_ACTION, REPORTS, access, handler);
  }

  private static Command plain(String name, String usage, Access access, Handler.OfUnit handler) {
    return plain(name, usage, access, (nexus, server, cdb, dataOut) -> handler.plan(server, cdb));
  }

  /** A command that runs even while a unit attention waits, and whoever has reserved the unit. */
  private static Command always(String name, String usage, Handler handler) {
    return new Command(name, usage, NO_SERVICE_ACTION, IGNORES, ALWAYS, handler);
  }

  /** A command whose second byte holds its service action, below what else it holds. */
  private static Command action(String name, String usage, Access access, Handler.OfUnit handler) {
    return action(name, usage, access, (nexus, server, cdb, dataOut) -> handler.plan(server, cdb));
  }

  private static Command action(String name, String usage, Access access, Handler handler) {
    int serviceAction = Integer.parseInt(usage.substring(3, 5), 16) % SERVICE_ACTIONS;
    return new Command(name, usage, serviceAction, REPORTS, access, handler);
  }

  private static Command reserveIn(String name, int serviceAction, Handler.OfUnit handler) {
    return action(
        "PERSISTENT RESERVE IN, " + name,
        "5E %02X 0000000000 FFFF 00".formatted(serviceAction),
        RESERVATION,
        handler);
  }

  private static Command reserveOut(Action action) {
    return action(
        "PERSISTENT RESERVE OUT, " + action.name().replace('_', ' '),
        "5F %02X FF 0000 FFFFFFFF 00".formatted(action.code()),
        RESERVATION,
        (nexus, server, cdb, out) -> PersistentReserveOut.plan(nexus, server, cdb, action));
  }
}
