// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static dev.rootstock.target.scsi.Command.Attention.IGNORES;
import static dev.rootstock.target.scsi.Command.Attention.REPORTS;
import static dev.rootstock.target.scsi.Command.NO_SERVICE_ACTION;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Every command that the device server knows, in one place: decoding, the check of reserved bits
 * and REPORT SUPPORTED OPERATION CODES all read it. A new command is a new line here.
 *
 * <p>The second column is the CDB with a one for each bit that is looked at. The CONTROL byte is 00
 * throughout: NACA is not supported (SAM-5, CONTROL byte). So are the GROUP NUMBER fields and the
 * protection fields (RDPROTECT and its like), which need what these disks have not.
 */
final class CommandTable {
  private static final int SERVICE_ACTIONS = 32;

  private static final List<Command> ALL =
      List.of(
          plain("TEST UNIT READY", "00 00000000 00", (server, cdb) -> Plan.Respond.GOOD),
          always("REQUEST SENSE", "03 00 0000 FF 00", RequestSense::plan),
          plain("READ(6)", "08 1FFFFF FF 00", Transfers::read6),
          plain("WRITE(6)", "0A 1FFFFF FF 00", Transfers::write6),
          always("INQUIRY", "12 01 FF FFFF 00", Inquiry::plan),
          plain("MODE SENSE(6)", "1A 08 FFFF FF 00", ModeSense::six),
          plain("START STOP UNIT", "1B 01 0000 05 00", Flushes::startStop),
          // Nothing can be removed, so nothing has to be remembered.
          plain("PREVENT ALLOW MEDIUM REMOVAL", "1E 000000 01 00", (s, cdb) -> Plan.Respond.GOOD),
          plain("READ CAPACITY(10)", "25 00 00000000 000000 00", Capacity::ten),
          plain("READ(10)", "28 18 FFFFFFFF 00 FFFF 00", Transfers::read10),
          plain("WRITE(10)", "2A 18 FFFFFFFF 00 FFFF 00", Transfers::write10),
          plain("VERIFY(10)", "2F 16 FFFFFFFF 00 FFFF 00", Verification::ten),
          plain("SYNCHRONIZE CACHE(10)", "35 02 FFFFFFFF 00 FFFF 00", Flushes::synchronize10),
          plain("WRITE SAME(10)", "41 08 FFFFFFFF 00 FFFF 00", WriteSame::ten),
          plain("UNMAP", "42 00 00000000 00 FFFF 00", Unmap::plan),
          plain("MODE SENSE(10)", "5A 18 FFFF 000000 FFFF 00", ModeSense::ten),
          plain("READ(16)", "88 18 FFFFFFFFFFFFFFFF FFFFFFFF 00 00", Transfers::read16),
          plain("WRITE(16)", "8A 18 FFFFFFFFFFFFFFFF FFFFFFFF 00 00", Transfers::write16),
          plain("VERIFY(16)", "8F 16 FFFFFFFFFFFFFFFF FFFFFFFF 00 00", Verification::sixteen),
          plain(
              "SYNCHRONIZE CACHE(16)",
              "91 02 FFFFFFFFFFFFFFFF FFFFFFFF 00 00",
              Flushes::synchronize16),
          plain("WRITE SAME(16)", "93 09 FFFFFFFFFFFFFFFF FFFFFFFF 00 00", WriteSame::sixteen),
          action("READ CAPACITY(16)", "9E 10 0000000000000000 FFFFFFFF 00 00", Capacity::sixteen),
          action("GET LBA STATUS", "9E 12 FFFFFFFFFFFFFFFF FFFFFFFF 00 00", LbaStatus::plan),
          always("REPORT LUNS", "A0 00 FF 000000 FFFFFFFF 00 00", ReportLuns::plan),
          action(
              "REPORT SUPPORTED OPERATION CODES",
              "A3 0C 87 FF FFFF FFFFFFFF 00 00",
              (server, cdb) -> SupportedOpcodes.plan(cdb)),
          plain("READ(12)", "A8 18 FFFFFFFF FFFFFFFF 00 00", Transfers::read12),
          plain("WRITE(12)", "AA 18 FFFFFFFF FFFFFFFF 00 00", Transfers::write12),
          plain("VERIFY(12)", "AF 16 FFFFFFFF FFFFFFFF 00 00", Verification::twelve));

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

  private static Command plain(String name, String usage, Handler handler) {
    return new Command(name, usage, NO_SERVICE_ACTION, REPORTS, handler);
  }

  private static Command plain(String name, String usage, Handler.OfUnit handler) {
    return plain(name, usage, (nexus, server, cdb, dataOut) -> handler.plan(server, cdb));
  }

  /** A command that runs even while a unit attention waits. */
  private static Command always(String name, String usage, Handler handler) {
    return new Command(name, usage, NO_SERVICE_ACTION, IGNORES, handler);
  }

  /** A command whose second byte holds its service action. */
  private static Command action(String name, String usage, Handler.OfUnit handler) {
    int serviceAction = Integer.parseInt(usage.substring(3, 5), 16) % SERVICE_ACTIONS;
    return new Command(
        name,
        usage,
        serviceAction,
        REPORTS,
        (nexus, server, cdb, dataOut) -> handler.plan(server, cdb));
  }
}
