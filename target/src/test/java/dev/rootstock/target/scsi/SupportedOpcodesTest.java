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
          "1a000000 00000006",
          "1b000000 00000006",
          "1e000000 00000006",
          "25000000 0000000a",
          "28000000 0000000a",
          "2a000000 0000000a",
          "2f000000 0000000a",
          "35000000 0000000a",
          "41000000 0000000a",
          "42000000 0000000a",
          "5a000000 0000000a",
          "88000000 00000010",
          "8a000000 00000010",
          "8f000000 00000010",
          "91000000 00000010",
          "93000000 00000010",
          "9e000010 00010010",
          "9e000012 00010010",
          "a0000000 0000000c",
          "a300000c 0001000c",
          "a8000000 0000000c",
          "aa000000 0000000c",
          "af000000 0000000c");

  @Test
  void allCommands() {
    List<String> expected = new ArrayList<>(List.of("000000e0"));
    expected.addAll(COMMANDS);
    assertEquals(
        String.join("", expected).replace(" ", ""), bench.data("A3 0C 00 00 0000 0000FFFF 00 00"));
  }

  @Test
  void allCommandsWithTimeouts() {
    StringBuilder expected = new StringBuilder("00000230");
    for (String command : COMMANDS) {
      String plain = command.replace(" ", "");
      int flags = Integer.parseInt(plain.substring(10, 12), 16) | 2; // CTDP
      expected.append(plain, 0, 10).append(String.format("%02x", flags));
      expected.append(plain.substring(12)).append("000a0000").append("0000000000000000");
    }
    assertEquals(expected.toString(), bench.data("A3 0C 80 00 0000 0000FFFF 00 00"));
  }

  /** The three that Linux asks for, and one with a service action. */
  @ParameterizedTest
  @CsvSource({
    "01 12 0000, 00030006 12 01 FF FFFF 00",
    "01 41 0000, 0003000A 41 08 FFFFFFFF 00 FFFF 00",
    "01 93 0000, 00030010 93 09 FFFFFFFFFFFFFFFF FFFFFFFF 00 00",
    "01 28 0000, 0003000A 28 18 FFFFFFFF 00 FFFF 00",
    "02 9E 0010, 00030010 9E 10 0000000000000000 FFFFFFFF 00 00",
    "03 9E 0010, 00030010 9E 10 0000000000000000 FFFFFFFF 00 00",
    "03 00 0000, 00030006 00 00000000 00",
    "81 00 0000, 00830006 00 00000000 00 000A 0000 00000000 00000000",
  })
  void oneCommand(String question, String answer) {
    assertEquals(Bench.hex(Bench.bytes(answer)), bench.data("A3 0C" + question + "0000FFFF 00 00"));
  }

  @ParameterizedTest
  @CsvSource({"01 89 0000", "02 89 0001", "02 9E 0011", "03 9E 0011", "03 12 0001", "81 FF 0000"})
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
    assertEquals("000000e0", bench.data("A3 0C 00 00 0000 00000004 00 00"));
  }
}
