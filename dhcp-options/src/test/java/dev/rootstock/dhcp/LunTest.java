// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The LUN of RFC 4173 §5. */
class LunTest {

  @ParameterizedTest
  @CsvSource({
    // The RFC's own examples, with what they are equivalent to.
    "4752-3A4F-6b7e-2F99, 4752-3A4F-6b7e-2F99",
    "6734-9-156f-127, 6734-0009-156f-0127",
    "4186-9, 4186-0009-0000-0000",
    "0, 0000-0000-0000-0000",
    "0-0-0-1, 0000-0000-0000-0001"
  })
  void shortAndLongFormsAreEquivalent(String brief, String full) throws Exception {
    assertEquals(Lun.parse(full), Lun.parse(brief));
    assertEquals(Long.parseUnsignedLong(full.replace("-", ""), 16), Lun.parse(brief).value());
    assertEquals(Lun.parse(brief), Lun.parse(Lun.parse(brief).toString()));
  }

  @ParameterizedTest
  @CsvSource({
    "47523A4F6B7E2F99, 4752-3a4f-6b7e-2f99",
    "67340009156F0127, 6734-9-156f-127",
    "4186000900000000, 4186-9",
    "0000000000000000, 0",
    "0001000000000000, 1",
    "0000000000000001, 0-0-0-1",
    "0000000100000000, 0-1"
  })
  void isWrittenInItsShortestForm(String value, String text) {
    assertEquals(text, new Lun(Long.parseUnsignedLong(value, 16)).toString());
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0000000000000000",
    "1, 0001000000000000",
    "255, 00FF000000000000",
    "256, 4100000000000000",
    "16383, 7FFF000000000000"
  })
  void numbersHaveTheFormsOfSam(int number, String value) {
    assertEquals(Long.parseUnsignedLong(value, 16), Lun.ofNumber(number).value());
    assertEquals(OptionalInt.of(number), Lun.ofNumber(number).number());
  }

  @Test
  void formsOfSeveralLevelsHaveNoNumber() {
    assertEquals(OptionalInt.empty(), new Lun(1).number());
    assertEquals(OptionalInt.empty(), new Lun(0x0100_0000_0000_0000L).number());
    assertEquals(OptionalInt.empty(), new Lun(0xC101_0000_0000_0000L).number());
  }

  @Test
  void numbersOutOfRangeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> Lun.ofNumber(-1));
    assertThrows(IllegalArgumentException.class, () -> Lun.ofNumber(16384));
  }

  @Test
  void anEmptyTextIsNoLun() {
    assertThrows(SyntaxException.class, () -> Lun.parse(""));
  }
}
