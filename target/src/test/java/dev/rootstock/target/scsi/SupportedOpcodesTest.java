// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** SPC-4 §6.35. */
class SupportedOpcodesTest {
  private final Bench bench = Bench.writable();

  /** Opcode, service action, SERVACTV and length of each command, by hand. */
  private static final List<String> COMMANDS =
      List.of(
          "00000000 00000006",
          "03000000 00000006",
          "08000000 00000006",
          "0a000000 00000006",
          "12000000 00000006",
          "15000000 00000006",
          "16000000 00000006",
          "17000000 00000006",
          "1a000000 00000006",
          "1b000000 00000006",
          "1e000000 00000006",
          "25000000 0000000a",
          "28000000 0000000a",
          "2a000000 0000000a",
          "2e000000 0000000a",
          "2f000000 0000000a",
          "34000000 0000000a",
          "35000000 0000000a",
          "37000000 0000000a",
          "41000000 0000000a",
          "42000000 0000000a",
          "48000001 0001000a",
          "48000002 0001000a",
          "4800001f 0001000a",
          "4d000000 0000000a",
          "55000000 0000000a",
          "56000000 0000000a",
          "57000000 0000000a",
          "5a000000 0000000a",
          "5e000000 0001000a",
          "5e000001 0001000a",
          "5e000002 0001000a",
          "5e000003 0001000a",
          "5f000000 0001000a",
          "5f000001 0001000a",
          "5f000002 0001000a",
          "5f000003 0001000a",
          "5f000004 0001000a",
          "5f000005 0001000a",
          "5f000006 0001000a",
          "5f000007 0001000a",
          "83000000 00010010",
          "84000000 00010010",
          "84000003 00010010",
          "84000004 00010010",
          "88000000 00000010",
          "89000000 00000010",
          "8a000000 00000010",
          "8b000000 00000010",
          "8e000000 00000010",
          "8f000000 00000010",
          "90000000 00000010",
          "91000000 00000010",
          "93000000 00000010",
          "9e000010 00010010",
          "9e000012 00010010",
          "a0000000 0000000c",
          "a300000a 0001000c",
          "a300000c 0001000c",
          "a300000d 0001000c",
          "a8000000 0000000c",
          "aa000000 0000000c",
          "ae000000 0000000c",
          "af000000 0000000c",
          "b7000000 0000000c");

  @Test
  void allCommands() {
    List<String> expected = new ArrayList<>(List.of(String.format("%08x", 8 * COMMANDS.size())));
    expected.addAll(COMMANDS);
    assertEquals(
        String.join("", expected).replace(" ", ""), bench.data("A3 0C 00 00 0000 0000FFFF 00 00"));
  }

  @Test
  void allCommandsWithTimeouts() {
    StringBuilder expected = new StringBuilder(String.format("%08x", 20 * COMMANDS.size()));
    for (String command : COMMANDS) {
      String plain = command.replace(" ", "");
      int flags = Integer.parseInt(plain.substring(10, 12), 16) | 2; // CTDP
      expected.append(plain, 0, 10).append(String.format("%02x", flags));
      expected.append(plain.substring(12)).append("000a0000").append("00000000");
      expected.append(command.startsWith("48") ? "00000000" : "0000003c"); // takes what it takes
    }
    assertEquals(expected.toString(), bench.data("A3 0C 80 00 0000 0000FFFF 00 00"));
  }

  /** The three that Linux asks for, and one with a service action. */
  @ParameterizedTest
  @CsvSource({
    "01 12 0000, 00030006 12 01 FF FFFF 00",
    "01 41 0000, 0003000A 41 08 FFFFFFFF 1F FFFF 00",
    "01 93 0000, 00030010 93 09 FFFFFFFFFFFFFFFF FFFFFFFF 1F 00",
    "01 28 0000, 0003000A 28 18 FFFFFFFF 1F FFFF 00",
    "02 9E 0010, 00030010 9E 10 0000000000000000 FFFFFFFF 00 00",
    "03 9E 0010, 00030010 9E 10 0000000000000000 FFFFFFFF 00 00",
    "03 00 0000, 00030006 00 00000000 00",
    "81 00 0000, 00830006 00 00000000 00 000A 0000 00000000 0000003C",
  })
  void oneCommand(String question, String answer) {
    assertEquals(Bench.hex(Bench.bytes(answer)), bench.data("A3 0C" + question + "0000FFFF 00 00"));
  }

  @ParameterizedTest
  @CsvSource({"01 C5 0000", "02 84 0001", "02 9E 0011", "03 9E 0011", "03 12 0001", "81 FF 0000"})
  void whatIsNotSupportedIsSaidToBeSo(String question) {
    assertEquals("00010000", bench.data("A3 0C" + question + "0000FFFF 00 00"));
  }

  @Test
  void theFormOfTheQuestionHasToFitTheCommand() {
    Sense options = Sense.invalidCdbField(2, 2);
    assertEquals(options, bench.sense("A3 0C 01 9E 0000 0000FFFF 00 00"));
    assertEquals(options, bench.sense("A3 0C 02 12 0000 0000FFFF 00 00"));
    assertEquals(options, bench.sense("A3 0C 04 12 0000 0000FFFF 00 00"));
    assertEquals(options, bench.sense("A3 0C 07 12 0000 0000FFFF 00 00"));
  }

  @Test
  void theAllocationLengthCutsTheAnswer() {
    assertEquals(
        String.format("%08x", 8 * COMMANDS.size()), bench.data("A3 0C 00 00 0000 00000004 00 00"));
  }
}
