// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.LogicalUnit;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Unit attentions, logical unit numbers and CDBs that make no sense. */
class NexusTest {
  private static final String TEST_UNIT_READY = "00";
  private static final String INQUIRY = "12 00 00 0024 00";
  private static final String REPORT_LUNS = "A0 00 00 000000 00000100 00 00";
  private static final String REQUEST_SENSE = "03 00 0000 FF 00";

  private final MemoryBlockDevice disk = new MemoryBlockDevice(1 << 20);
  private final ScsiTarget target = new ScsiTarget(Bench.TARGET, List.of(Bench.PORT));
  private final Nexus nexus = Bench.attach(target, 1, Bench.unit(0, disk), Bench.unit(300, disk));

  private static long lun(String field) {
    return Long.parseUnsignedLong(field, 16);
  }

  private static Plan plan(Nexus nexus, String lun, String cdb) {
    return nexus.plan(lun(lun), Bench.cdb(cdb), 0);
  }

  private static String result(Nexus nexus, String lun, String cdb) {
    return plan(nexus, lun, cdb) instanceof Plan.Fail fail ? "" + fail.sense() : "good";
  }

  private String result(String cdb) {
    return result(nexus, "0", cdb);
  }

  @Test
  void aNewNexusIsToldOfThePowerOnOnce() {
    assertEquals("06/29/00", result(TEST_UNIT_READY));
    assertEquals("good", result(TEST_UNIT_READY));
  }

  @Test
  void eachUnitTellsOfThePowerOn() {
    assertEquals("06/29/00", result(nexus, "0", TEST_UNIT_READY));
    assertEquals("06/29/00", result(nexus, "412C000000000000", TEST_UNIT_READY));
  }

  @Test
  void inquiryAndReportLunsNeitherMeetNorClearAUnitAttention() {
    assertEquals("good", result(INQUIRY));
    assertEquals("good", result(REPORT_LUNS));
    assertEquals("06/29/00", result(TEST_UNIT_READY));
  }

  @Test
  void requestSenseReportsAUnitAttentionAsDataAndClearsIt() {
    assertEquals(
        "70 00 06 00000000 0a 00000000 29 00 00 000000".replace(" ", ""),
        Bench.dataOf(plan(nexus, "0", REQUEST_SENSE)));
    assertEquals(
        "70 00 00 00000000 0a 00000000 00 00 00 000000".replace(" ", ""),
        Bench.dataOf(plan(nexus, "0", REQUEST_SENSE)));
    assertEquals("good", result(TEST_UNIT_READY));
  }

  @Test
  void requestSenseIsCutToItsAllocationLength() {
    result(TEST_UNIT_READY);
    assertEquals("70000000", Bench.dataOf(plan(nexus, "0", "03 00 0000 04 00")));
  }

  @Test
  void aRefusedRequestSenseLeavesTheUnitAttention() {
    assertEquals("05/24/00", result("03 02 0000 FF 00"));
    assertEquals("06/29/00", result(TEST_UNIT_READY));
  }

  @Test
  void aUnitAttentionComesBeforeAnUnknownCommand() {
    assertEquals("06/29/00", result("FF"));
    assertEquals("05/20/00", result("FF"));
  }

  @Test
  void aResetOfAUnitIsToldToEveryNexusOfThatUnit() {
    Nexus other = Bench.attach(target, 2, Bench.unit(0, disk));
    result(nexus, "0", TEST_UNIT_READY);
    result(nexus, "412C000000000000", TEST_UNIT_READY);
    result(other, "0", TEST_UNIT_READY);

    assertTrue(target.resetUnit(0));

    assertEquals("06/29/03", result(nexus, "0", TEST_UNIT_READY));
    assertEquals("06/29/03", result(other, "0", TEST_UNIT_READY));
    assertEquals("good", result(nexus, "412C000000000000", TEST_UNIT_READY));
  }

  @Test
  void aResetOfAnUnknownUnitDoesNothing() {
    result(TEST_UNIT_READY);
    assertFalse(target.resetUnit(lun("0001000000000000")));
    assertFalse(target.resetUnit(lun("C101000000000000")));
    assertEquals("good", result(TEST_UNIT_READY));
  }

  @Test
  void aResetOfTheTargetIsToldForEveryUnit() {
    result(nexus, "0", TEST_UNIT_READY);
    result(nexus, "412C000000000000", TEST_UNIT_READY);
    target.reset();
    assertEquals("06/29/02", result(nexus, "0", TEST_UNIT_READY));
    assertEquals("06/29/02", result(nexus, "412C000000000000", TEST_UNIT_READY));
  }

  @Test
  void aClosedNexusIsToldNothing() {
    result(TEST_UNIT_READY);
    nexus.close();
    target.reset();
    assertEquals("good", result(TEST_UNIT_READY));
  }

  @Test
  void reportLunsNamesTheUnitsOfTheSession() {
    String both = "00000010" + "00000000" + "0000000000000000" + "412c000000000000";
    assertEquals(both, Bench.dataOf(plan(nexus, "0", REPORT_LUNS)));
    assertEquals(both, Bench.dataOf(plan(nexus, "0", "A0 00 02 000000 00000100 00 00")));
  }

  @Test
  void reportLunsAnswersOnAnyLun() {
    String both = "00000010" + "00000000" + "0000000000000000" + "412c000000000000";
    assertEquals(both, Bench.dataOf(plan(nexus, "0001000000000000", REPORT_LUNS)));
    assertEquals(both, Bench.dataOf(plan(nexus, "C101000000000000", REPORT_LUNS)));
  }

  @Test
  void thereAreNoWellKnownUnits() {
    assertEquals(
        "0000000000000000", Bench.dataOf(plan(nexus, "0", "A0 00 01 000000 00000100 00 00")));
  }

  @Test
  void reportLunsTellsItsFullLengthWhenItIsCut() {
    assertEquals("00000010", Bench.dataOf(plan(nexus, "0", "A0 00 00 000000 00000004 00 00")));
  }

  @Test
  void reportLunsRefusesAnUnknownSelection() {
    assertEquals(
        Sense.invalidCdbField(2, 7),
        Bench.senseOf(plan(nexus, "0", "A0 00 03 000000 00000100 00 00")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0001000000000000", "C101000000000000", "0000000000000001"})
  void anAbsentUnitIsSaidToBeAbsent(String lun) {
    String inquiry = Bench.dataOf(plan(nexus, lun, INQUIRY));
    assertEquals("7f000612", inquiry.substring(0, 8)); // qualifier 011b, device type 1Fh
    assertEquals("05/24/00", result(nexus, lun, "12 01 00 00FF 00"));
    assertEquals(
        "70 00 05 00000000 0a 00000000 25 00 00 000000".replace(" ", ""),
        Bench.dataOf(plan(nexus, lun, REQUEST_SENSE)));
    assertEquals("05/25/00", result(nexus, lun, TEST_UNIT_READY));
    assertEquals("05/25/00", result(nexus, lun, "28 00 00000000 00 0001 00"));
    assertEquals("05/25/00", result(nexus, lun, "FF"));
    assertEquals("05/24/00", result(nexus, lun, "12 00 00 0024 04")); // NACA
  }

  @ParameterizedTest
  @CsvSource({
    "FF, 05/20/00", // no such operation code
    "7F, 05/20/00", // variable length
    "C5 00, 05/20/00", // vendor specific
    "9E 11, 05/24/00", // READ LONG(16): no such service action
    "A3 00, 05/24/00",
    "00 00000000 04, 05/24/00", // NACA
    "28 20 00000000 00 0001 00, 05/24/00", // RDPROTECT
    "28 01 00000000 00 0001 00, 05/24/00", // RELADR
    "28 00 00000000 20 0001 00, 05/24/00", // above GROUP NUMBER
    "2A 20 00000000 00 0001 00, 05/24/00", // WRPROTECT
    "42 01 00000000 00 0018 00, 05/24/00", // ANCHOR
    "1B 00 0000 02 00, 05/24/00", // LOEJ
    "1B 00 0000 10 00, 05/24/00", // POWER CONDITION
    "1E 000000 02 00, 05/24/00", // PREVENT for a medium changer
    "28 00 00000800 00 0000 00, 05/21/00", // reading no block past the end
    "28 00 000007FF 00 0002 00, 05/21/00",
    "28 00 FFFFFFFF 00 0001 00, 05/21/00",
    "88 00 8000000000000000 00000001 00 00, 05/21/00",
    "88 00 FFFFFFFFFFFFFFFF FFFFFFFF 00 00, 05/21/00",
    "08 1FFFFF 01 00, 05/21/00",
    "35 00 00000800 00 0001 00, 05/21/00",
    "2F 00 00000800 00 0001 00, 05/21/00",
  })
  void aBadCommandFailsWithTheSenseThatFits(String cdb, String sense) {
    result(TEST_UNIT_READY);
    assertEquals(sense, result(cdb));
  }

  @Test
  void anUnknownServiceActionIsPointedAt() {
    result(TEST_UNIT_READY);
    assertEquals(Sense.invalidCdbField(1, 4), Bench.senseOf(plan(nexus, "0", "9E 11")));
  }

  @Test
  void sessionsWithEqualUnitsShareOneServer() {
    Nexus other = Bench.attach(target, 2, Bench.unit(0, disk));
    var mine = (Plan.ReadBlocks) readAfterAttention(nexus);
    var theirs = (Plan.ReadBlocks) readAfterAttention(other);
    assertEquals(mine, theirs);
  }

  private static Plan readAfterAttention(Nexus nexus) {
    result(nexus, "0", TEST_UNIT_READY);
    return plan(nexus, "0", "28 00 00000000 00 0001 00");
  }

  @Test
  void unitsThatCannotBeShownAreRefusedAtOnce() {
    LogicalUnit unit = Bench.unit(0, disk);
    assertThrows(IllegalArgumentException.class, () -> Bench.attach(target, 1, unit, unit));
    for (String serial : List.of("", "tab\t", "x".repeat(129))) {
      LogicalUnit bad = new LogicalUnit(0, disk, Bench.NAA, serial);
      assertThrows(IllegalArgumentException.class, () -> Bench.attach(target, 1, bad), serial);
    }
    assertThrows(IllegalArgumentException.class, () -> new ScsiTarget("x".repeat(224), List.of(1)));
    assertThrows(IllegalArgumentException.class, () -> new ScsiTarget("iqn.x", List.of(0x10000)));
  }
}
