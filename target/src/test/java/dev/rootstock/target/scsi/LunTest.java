// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** SAM-5, logical unit numbers. */
class LunTest {

  @ParameterizedTest
  @CsvSource({
    "0000000000000000, 0",
    "0007000000000000, 7",
    "00FF000000000000, 255",
    "4000000000000000, 0",
    "4007000000000000, 7",
    "4100000000000000, 256",
    "7FFF000000000000, 16383",
    "0100000000000000, -1", // bus 1
    "8000000000000000, -1", // logical unit addressing
    "C101000000000000, -1", // REPORT LUNS well-known unit
    "D20001E200000000, -1", // extended flat space
    "0000000100000000, -1", // a second level
    "0000000000000001, -1",
    "FFFFFFFFFFFFFFFF, -1",
  })
  void aFieldIsReadByItsAddressMethod(String field, int number) {
    assertEquals(number, Lun.number(Long.parseUnsignedLong(field, 16)));
  }

  @Test
  void everyNumberSurvivesTheWayThroughTheField() {
    for (int number = 0; number <= 0x3FFF; number++) {
      assertEquals(number, Lun.number(Lun.field(number)));
    }
  }

  @Test
  void smallNumbersTakePeripheralAddressing() {
    assertEquals(0x00FF_0000_0000_0000L, Lun.field(255));
    assertEquals(0x4100_0000_0000_0000L, Lun.field(256));
  }
}
