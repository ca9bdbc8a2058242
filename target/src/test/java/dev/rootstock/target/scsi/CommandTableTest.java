// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Comparator;
import org.junit.jupiter.api.Test;

class CommandTableTest {

  @Test
  void isSortedAndNamesNothingTwice() {
    Comparator<Command> order =
        Comparator.comparingInt(Command::opcode).thenComparingInt(Command::serviceAction);
    var commands = CommandTable.all();
    for (int i = 1; i < commands.size(); i++) {
      assertTrue(order.compare(commands.get(i - 1), commands.get(i)) < 0, "" + commands.get(i));
    }
  }

  /** SAM-5: the group code, the three high bits, says how long a CDB is. */
  @Test
  void everyLengthIsWhatTheGroupCodeSays() {
    for (Command command : CommandTable.all()) {
      int expected =
          switch (command.opcode() >>> 5) {
            case 0 -> 6;
            case 1, 2 -> 10;
            case 4 -> 16;
            case 5 -> 12;
            default -> -1;
          };
      assertEquals(expected, command.length(), command.name());
    }
  }

  @Test
  void everyCommandIsFoundByItsOwnCdb() {
    for (Command command : CommandTable.all()) {
      int action = Math.max(0, command.serviceAction());
      Cdb cdb = new Cdb((long) command.opcode() << 56 | (long) action << 48, 0);
      assertSame(command, CommandTable.find(cdb), command.name());
    }
  }

  @Test
  void unknownCodesAndActionsAreNotFound() {
    assertNull(CommandTable.find(Bench.cdb("FF")));
    assertNull(CommandTable.find(Bench.cdb("7F")));
    assertNull(CommandTable.find(Bench.cdb("9E 11")));
    assertNull(CommandTable.find(Bench.cdb("A3 00")));
  }

  /** Any single bit that a command does not know is refused, and its place is told. */
  @Test
  void everyReservedBitOfEveryCommandIsRefusedByItsPlace() {
    Bench bench = Bench.writable();
    for (Command command : CommandTable.all()) {
      byte[] usage = command.usage();
      for (int index = 1; index < usage.length; index++) {
        for (int bit = 0; bit < 8; bit++) {
          boolean actionField = command.hasServiceAction() && index == 1 && bit < 5;
          if ((usage[index] >>> bit & 1) != 0 || actionField) {
            continue;
          }
          byte[] cdb = new byte[16];
          cdb[0] = usage[0];
          cdb[1] = (byte) Math.max(0, command.serviceAction());
          cdb[index] |= (byte) (1 << bit);
          Plan plan = bench.plan(Bench.hex(cdb));
          String where = command + " byte " + index + " bit " + bit;
          assertEquals(Sense.invalidCdbField(index, bit), Bench.senseOf(plan), where);
        }
      }
    }
  }

  @Test
  void whatFollowsAShortCdbInItsFieldIsNotLookedAt() {
    assertEquals("", Bench.writable().data("00 00 00 00 00 00 FF FF FF FF FF FF FF FF FF FF"));
  }
}
