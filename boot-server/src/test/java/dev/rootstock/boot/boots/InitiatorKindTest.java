// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.boot.clients.MacAddress;
import dev.rootstock.target.Isid;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InitiatorKindTest {
  private static final List<MacAddress> CARDS =
      List.of(MacAddress.parse("52:54:00:77:00:01"), MacAddress.parse("f8:bc:12:00:00:02"));

  /** The words of docs/cli.md. */
  @ParameterizedTest
  @CsvSource({"FIRMWARE, firmware", "OPERATING_SYSTEM, system", "UNKNOWN, unknown"})
  void itsTextIsTheOneThatIsPromised(InitiatorKind kind, String text) {
    assertEquals(text, kind.text());
  }

  /** RFC 7143 §11.12.5: the type in the two highest bits says whose number follows. */
  @ParameterizedTest
  @CsvSource({
    "400027230000, FIRMWARE",
    "40002723ffff, FIRMWARE",
    "400027240000, UNKNOWN",
    "125400770001, FIRMWARE", // EDK2: 52:54:00:77:00:01 without its two highest bits
    "38bc12000002, FIRMWARE", // EDK2: f8:bc:12:00:00:02
    "525400770001, UNKNOWN",
    "125400770002, UNKNOWN",
    "00023d000001, OPERATING_SYSTEM",
    "00023d010002, OPERATING_SYSTEM",
    "400001370000, OPERATING_SYSTEM",
    "80123456789a, UNKNOWN", // libiscsi
    "000000000000, UNKNOWN"
  })
  void theIsidTells(String isid, InitiatorKind kind) {
    assertEquals(kind, InitiatorKind.of(new Isid(Long.parseLong(isid, 16)), CARDS));
  }
}
