// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** SPC-4 §6.13, §6.14 and §7.5; the Caching page, SBC-3. */
class ModeSenseTest {
  private static final String ERRORS = "010a" + "0000000000" + "80" + "00000000";
  private static final String CACHING = "0812" + "04" + "00".repeat(17);
  private static final String CONTROL = "0a0a" + "0210" + "00".repeat(8);
  private static final String EXCEPTIONS = "1c0a" + "00".repeat(10);
  private static final String ALL = ERRORS + CACHING + CONTROL + EXCEPTIONS;
  private static final String PROVISIONING = "5c020014" + "00".repeat(20);
  private static final String DESCRIPTOR = "00000800" + "00000200";

  private final Bench bench = Bench.writable();

  @Test
  void sixWithAllPages() {
    assertEquals("43001008" + DESCRIPTOR + ALL, bench.data("1A 00 3F 00 FF 00"));
  }

  @Test
  void sixWithoutBlockDescriptor() {
    assertEquals("3b001000" + ALL, bench.data("1A 08 3F 00 FF 00"));
  }

  @Test
  void sixWithOnePage() {
    assertEquals("17001000" + CACHING, bench.data("1A 08 08 00 FF 00"));
    assertEquals("0f001000" + CONTROL, bench.data("1A 08 0A 00 FF 00"));
  }

  @Test
  void allSubpagesAreAskedForByName() {
    assertEquals("53001000" + ALL + PROVISIONING, bench.data("1A 08 3F FF FF 00"));
    assertEquals("1b001000" + PROVISIONING, bench.data("1A 08 1C 02 FF 00"));
    assertEquals("27001000" + EXCEPTIONS + PROVISIONING, bench.data("1A 08 1C FF FF 00"));
    assertEquals("0f001000" + CONTROL, bench.data("1A 08 0A FF FF 00"));
  }

  @Test
  void tenWithShortAndLongBlockDescriptor() {
    assertEquals(
        "0046" + "00" + "10" + "00" + "00" + "0008" + DESCRIPTOR + ALL,
        bench.data("5A 00 3F 00 000000 00FF 00"));
    assertEquals(
        "004e"
            + "00"
            + "10"
            + "01"
            + "00"
            + "0010"
            + "0000000000000800"
            + "00000000"
            + "00000200"
            + ALL,
        bench.data("5A 10 3F 00 000000 00FF 00"));
    assertEquals(
        "0012" + "00" + "10" + "00" + "00" + "0000" + CONTROL,
        bench.data("5A 18 0A 00 000000 00FF 00"));
  }

  @Test
  void whatCanBeChangedIsLbpereWceDsenseSwpAndTas() {
    assertEquals(
        "3b001000"
            + ERRORS
            + CACHING
            + ("0a0a" + "04" + "00" + "08" + "40" + "000000000000")
            + EXCEPTIONS,
        bench.data("1A 08 7F 00 FF 00"));
  }

  @Test
  void defaultsAreTheCurrentValues() {
    assertEquals("3b001000" + ALL, bench.data("1A 08 BF 00 FF 00"));
  }

  @Test
  void savedValuesAreNotKept() {
    assertEquals(Sense.SAVING_NOT_SUPPORTED, bench.sense("1A 08 FF 00 FF 00"));
    assertEquals("05/39/00", bench.sense("5A 08 FF 00 000000 00FF 00").toString());
  }

  @Test
  void aReadOnlyDiskIsWriteProtectedAndCachesNoWrites() {
    assertEquals("17009000" + "0812" + "00".repeat(18), Bench.readOnly().data("1A 08 08 00 FF 00"));
  }

  @Test
  void unknownPagesAndSubpagesAreRefused() {
    assertEquals(Sense.invalidCdbField(2, 5), bench.sense("1A 08 02 00 FF 00"));
    assertEquals(Sense.invalidCdbField(3, 7), bench.sense("1A 08 0A 01 FF 00"));
    assertEquals(Sense.invalidCdbField(3, 7), bench.sense("5A 08 3F 01 000000 00FF 00"));
  }

  @Test
  void theAllocationLengthCutsTheAnswerAndNotItsLengthField() {
    assertEquals("43001008", bench.data("1A 00 3F 00 04 00"));
    assertEquals("", bench.data("1A 00 3F 00 00 00"));
    assertEquals("0046", bench.data("5A 00 3F 00 000000 0002 00"));
  }
}
