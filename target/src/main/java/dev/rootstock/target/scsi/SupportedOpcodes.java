// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** REPORT SUPPORTED OPERATION CODES (SPC-4 §6.35), read from the {@link CommandTable}. */
final class SupportedOpcodes {
  // REPORTING OPTIONS, the three low bits of byte 2.
  private static final int ALL = 0b000;
  private static final int OPCODE = 0b001;
  private static final int OPCODE_AND_ACTION = 0b010;
  private static final int OPCODE_AND_ANY_ACTION = 0b011;

  private static final int RCTD_BIT = 7;

  // SUPPORT, the three low bits of byte 1 of the one-command format.
  private static final int NOT_SUPPORTED = 1;
  private static final int SUPPORTED = 3;

  private static final int SERVACTV = 0x01;
  private static final int CTDP_OF_ALL = 0x02;
  private static final int CTDP_OF_ONE = 0x80;

  private static final int HEADER_BYTES = 4;
  private static final int DESCRIPTOR_BYTES = 8;
  private static final int TIMEOUTS_BYTES = 12;

  private SupportedOpcodes() {}

  static Plan plan(Cdb cdb) {
    boolean timeouts = cdb.bit(2, RCTD_BIT);
    int opcode = cdb.u8(3);
    int action = cdb.u16(4);
    boolean hasActions = CommandTable.hasServiceActions(opcode);
    Command command = hasActions ? CommandTable.find(opcode, action) : CommandTable.plain(opcode);
    return switch (cdb.u8(2) & 0b111) {
      case ALL -> respond(all(timeouts), cdb);
      case OPCODE ->
          hasActions
              ? Plan.Fail.of(Sense.invalidCdbField(2, 2))
              : respond(one(command, timeouts), cdb);
      case OPCODE_AND_ACTION ->
          command != null && !hasActions
              ? Plan.Fail.of(Sense.invalidCdbField(2, 2))
              : respond(one(command, timeouts), cdb);
      case OPCODE_AND_ANY_ACTION ->
          respond(one(hasActions || action == 0 ? command : null, timeouts), cdb);
      default -> Plan.Fail.of(Sense.invalidCdbField(2, 2));
    };
  }

  private static Plan respond(byte[] data, Cdb cdb) {
    return Plan.Respond.truncated(data, cdb.u32(6));
  }

  /** The all_commands format (SPC-4 §6.35.2). */
  private static byte[] all(boolean timeouts) {
    List<Command> commands = CommandTable.all();
    int entryBytes = DESCRIPTOR_BYTES + (timeouts ? TIMEOUTS_BYTES : 0);
    byte[] data = new byte[HEADER_BYTES + entryBytes * commands.size()];
    Bytes.putInt(data, 0, data.length - HEADER_BYTES);
    int at = HEADER_BYTES;
    for (Command command : commands) {
      data[at] = (byte) command.opcode();
      if (command.hasServiceAction()) {
        Bytes.putShort(data, at + 2, command.serviceAction());
        data[at + 5] = SERVACTV;
      }
      if (timeouts) {
        data[at + 5] |= CTDP_OF_ALL;
        putTimeouts(data, at + DESCRIPTOR_BYTES, command);
      }
      Bytes.putShort(data, at + 6, command.length());
      at += entryBytes;
    }
    return data;
  }

  /** The one_command format (SPC-4 §6.35.3). */
  private static byte[] one(@Nullable Command command, boolean timeouts) {
    if (command == null) {
      return new byte[] {0, NOT_SUPPORTED, 0, 0};
    }
    int length = command.length();
    byte[] data = new byte[HEADER_BYTES + length + (timeouts ? TIMEOUTS_BYTES : 0)];
    data[1] = (byte) (timeouts ? CTDP_OF_ONE | SUPPORTED : SUPPORTED);
    Bytes.putShort(data, 2, length);
    System.arraycopy(command.usage(), 0, data, HEADER_BYTES, length);
    if (timeouts) {
      putTimeouts(data, HEADER_BYTES + length, command);
    }
    return data;
  }

  /**
   * A command timeouts descriptor (SPC-4 §6.35.4). The nominal time depends on the store and is not
   * stated; the recommended one is how long to wait before something is wrong.
   */
  private static void putTimeouts(byte[] data, int at, Command command) {
    Bytes.putShort(data, at, TIMEOUTS_BYTES - 2);
    Bytes.putInt(data, at + 8, command.timeoutSeconds());
  }
}
